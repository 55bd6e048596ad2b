/*
 * The gate: what alone writes page tables and the frame table (docs/gate.md). Callers name what is
 * to be done; the operation asks protected memory whether that may be. What it believes all the
 * same docs/gate.md lists, whose a user frame is for one. A refusal is our own error, or an attack:
 * the machine stops and says which.
 *
 * Any context with interrupts off; not while the private window is open. Sources: Dautenhahn and
 * others, "Nested Kernel" (ASPLOS 2015); Intel SDM vol. 3A, "Protection Keys for Supervisor-Mode
 * Pages" and "Access Rights" (CR0.WP).
 */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "core/options.h"
#include "mm/frame/frame.h"
#include "mm/gate/current/switch.h"
#include "mm/gate/enter.h"

/* What is in force: off until gate_begin. */
extern enum option_ptprot gate_in_force;

/* Boot: what ptprot= asks for and this processor can do, as the banner shows it. */
void gate_choose(void);
/* Boot, all processors up and idle: protects all tables and the frame table. Flushes. */
void gate_begin(void);

/* One past the last byte of a processor's stack in the gate, where the gate sees it. */
uint64_t gate_stack_top(unsigned cpu);
/* Boot, as each processor is counted: what the gate keeps for it, and all may read. */
void gate_add_cpu(unsigned cpu);
const struct current *gate_current(unsigned cpu);
/* How far above what everybody reads in the guarded area the gate writes the same. */
extern uint64_t gate_distance;

/* The entry of a frame that nobody but the gate may write, in the direct map. */
pte_t gate_guarded_pte(pfn_t frame);
/* Is the guarded area read-only by the entries above its tables? */
static inline bool gate_is_by_entry(void)
{
	return gate_in_force == ptprot_wp || gate_in_force == ptprot_window;
}
/* May the gate alone write by this leaf, whatever it says? */
bool gate_pte_is_guarded(pte_t leaf);

/* How often its operations on a processor opened the window, and for how many frames in all. */
struct gate_counted {
	uint64_t nr_openings, nr_shown;
};
struct gate_counted gate_counted(unsigned cpu);
/* How often the gate was called there. */
uint64_t gate_calls_of(const struct cpu *cpu);

/* --- the frame table --- */

/*
 * Frames in a row become this as a whole; get flags and lose others; get a number, and of a user's
 * how many hold it by xpfo_kmap. What no frame becomes from what it is, is refused.
 */
void frames_become(pfn_t first, uint32_t nr, struct frame what);
void frames_flag(pfn_t first, uint32_t nr, unsigned set, unsigned clear);
void frames_number(pfn_t first, uint32_t nr, uint32_t number);
void frame_kmaps_set(pfn_t frame, unsigned nr);
/* Of a table reserved for a large page of the direct map: how many frames hold that split; until
 * gate_begin, of any table: how many entries are in use. */
void frame_held_set(pfn_t table, unsigned nr);
/* With ptprot=off: references of a user frame, more or less. Returns how many there are then. */
uint32_t frame_count(pfn_t frame, int more);
/*
 * FREE frames in a row that the direct map lacks become hidden; hidden ones are so no more, before
 * they are put back there. With ptprot the former wait for the generation that is drawn next; until
 * they are settled nobody gets them.
 */
void frames_hide(pfn_t first, uint32_t nr);
void frames_reveal(pfn_t first, uint32_t nr);
/*
 * With ptprot alone. Hidden ones, up to WINDOW_PAGES, are zeroed if their generation is complete,
 * and clean from then on; those that are clean stay as they are. is_zero: zero=early has zeroed
 * them already. False: they are not complete.
 */
bool frames_settle(pfn_t first, uint32_t nr, bool is_zero) MUST_CHECK;

/* --- generations of the kernel half: with ptprot alone, and then what counts (ktlb.h) --- */

/* Of the latest downgrade; what a processor has seen. */
uint64_t generation_newest(void);
uint64_t generation_seen(unsigned cpu);
/* Where that lies: for tests and vulnerable calls. NULL: nowhere. */
const uint64_t *generation_seen_address(unsigned cpu);
/* A downgrade's, after the page-table writes. Full barrier. */
uint64_t generation_draw(void);
/* Flushes everything; returns the generation that this processor has seen by that. */
uint64_t generation_flush(void);

/* --- pages of the user half that is loaded, or that is made or taken apart --- */

/* Frames that no entry names any more. Of 4 KiB: free, and zeroed where the variant of XPFO clears
 * what goes; of 2 MiB: user frames without references yet. */
enum { RELEASED_MAX = 64 };
struct released {
	uint32_t nr;
	uint32_t order;
	pfn_t frames[RELEASED_MAX];
};

/*
 * An empty entry gets a frame that is free and ready for user space, or one that became a user's
 * for this. False: the frame is neither, and another may do.
 */
bool page_map(pte_t *entry, pte_t pte) MUST_CHECK;
/*
 * Copy on write: such a frame gets the contents of a parked page, and takes its place. *out: the
 * other's frame, if that was its last entry. False: another frame may do.
 */
bool page_replace(pte_t *entry, pte_t pte, struct released *out) MUST_CHECK;
/*
 * With ptprot. Frames in a row of 2 MiB, free and hidden long enough, become a fresh page of the
 * address space that is loaded; nothing else can be made of them but free frames again. It is
 * zeroed, or gets the contents of the page in an entry, piece by piece from the first one on,
 * unless it is clean; then an entry may have it. Those of a page without references, fresh or not,
 * are free, and not clean. large_copy: with ptprot=off, too; false: it may not.
 */
void large_take(pfn_t first);
void large_free(pfn_t first);
bool large_is_clear(pfn_t first);
void large_clear(pfn_t first, uint32_t piece);
enum { LARGE_PIECE_ORDER = 5, LARGE_PIECE = 1 << LARGE_PIECE_ORDER };
bool large_copy(const pte_t *entry, pfn_t copy, uint32_t piece) MUST_CHECK;

/*
 * This processor holds a user frame, one at a time, so that it stays one whoever unmaps it: for
 * kernel/vuln/. Until it lets go nothing else runs there. False: it is none; with ptprot=off, which
 * has frame_put_user for that. *out: the frame, if nothing else held it any more.
 */
bool frame_hold(pfn_t frame) MUST_CHECK;
bool frame_let_go(struct released *out) MUST_CHECK;

/*
 * Parked pages, and what lies between them, get other places, nr entries in a row of one table,
 * where nothing is. is_present: and are present there.
 */
void pages_move(pte_t *from, pte_t *to, unsigned nr, bool is_present);
/*
 * Consent to a grant, by who has the address space loaded: the page, which is there, writable and
 * nobody else's, may go (PTE_OFFERED), or another one come in its place (PTE_ACCEPTS). 0: neither
 * any more. False: it is no such page.
 */
bool page_consent(pte_t *entry, uint64_t mark) MUST_CHECK;
/*
 * A grant: a parked page, writable and nobody else's, gets a place in another address space, for
 * the parked page or the nothing that is there. Of either, the address space is loaded, or
 * consented while it was. Where that is so anybody may park it. *out: the frame of what was there.
 * False: it is none that may be given, or none may come.
 */
bool page_give(pte_t *from, pte_t *to, struct released *out) MUST_CHECK;
/*
 * Bytes that the kernel has are written to pages in a row of one table, up to RELEASED_MAX, from an
 * address in the first on; each is there, and no other entry names it. Of a root that is a
 * program's the stack (program.h); what its file has the next pages get by program_load, from the
 * first to the last one.
 */
void pages_write(const pte_t *entries, uint64_t address, const void *from, uint64_t len_bytes);
void program_load(pfn_t root, const pte_t *entries, uint64_t address, const void *from,
		  uint64_t len_bytes);
/*
 * Up to RELEASED_MAX entries in a row of one table, or one of a page of 2 MiB: their pages are not
 * present any more; address: of the first. Returns how many there are, those included that were
 * not. The caller flushes; then they are released, which empties the entries, and adds to what *out
 * has. Where no processor has the address space loaded, nor had it since it was made or began to
 * die, they need not be parked first. Returns how many pages there were.
 */
unsigned pages_park(pte_t *entries, unsigned nr, uint64_t address);
unsigned pages_release(pte_t *entries, unsigned nr, bool is_large, struct released *out);

/*
 * Pages of an address space that no processor has loaded, nor had since it was made or began to
 * die: those of one table, from `at` on and below `end`, up to RELEASED_MAX. Tables go with them
 * that are empty then, but for those in which lies where there is more: *out says how far it came,
 * and behind `end` that is `next`; 0: all tables stay.
 */
struct emptied {
	struct released released;
	uint64_t next;
	uint32_t nr_pages; /* that it had */
	uint32_t nr_tables;
	pfn_t tables[LEVEL_MAX - 1];
};
void root_empty(pfn_t root, uint64_t at, uint64_t end, uint64_t next, struct emptied *out);

/* --- page tables --- */

/* Tables, or roots, that nothing leads to yet: what each is for. number: as struct frame has it. */
void tables_place(pfn_t first, unsigned nr, unsigned flags, uint32_t number);
/* With ptprot. They are zeroed, and may get a place, once the direct map lets nobody write to them
 * and no processor can. False: not yet; ask again after a downgrade. */
bool tables_clear(pfn_t first, unsigned nr) MUST_CHECK;
/*
 * Two empty tables in a row become the roots of an address space, kernel then shadow: ROOT_NEW, as
 * one that rested and is taken. What this processor has loaded makes it: with that loaded, and no
 * other, it is filled, and published. From then on its user half is changed by who has it loaded,
 * and who has may let it die. Empty it rests. False: it is in another state, another's, or not
 * empty.
 */
bool root_pair_make(pfn_t root) MUST_CHECK;
/* One that rests, and its shadow, are tables without a place. */
void root_pair_end(pfn_t root);
bool root_publish(pfn_t root) MUST_CHECK;
/* A new one, empty yet, is filled with a program: which file of the archive, by its index. With
 * ptprot=off it stays new. */
bool root_begin_program(pfn_t root, unsigned file) MUST_CHECK;
bool root_die(pfn_t root) MUST_CHECK;
bool root_rest(pfn_t root) MUST_CHECK;
bool root_take(pfn_t root) MUST_CHECK;
/*
 * May this CPU change the user half, as far as what it has loaded says? With ptprot the gate asks
 * that; who asks before is spared a refusal.
 */
bool root_is_made_by_us(pfn_t root);
static inline bool root_is_ours(pfn_t root)
{
	return LIKELY(root.pfn == current_here()->root) || root_is_made_by_us(root);
}
/* A root's state alone, for who would call in vain: new; new or dying. */
static inline bool root_is_new(pfn_t root) { return frame_entry(root)->flags & ROOT_NEW; }
static inline bool root_is_apart(pfn_t root)
{
	return frame_entry(root)->flags & (ROOT_NEW | ROOT_DYING);
}

/*
 * One store, as the processor may walk the table at any time. For entries that no TLB can hold, or
 * that a flush of everything follows; all others go through pte_write. What is mapped must be a
 * frame that policy.def lets be there, with no more rights than it says.
 */
void pte_store(pte_t *entry, pte_t pte);
/* nr entries of one table in a row, of frames in a row: the frame is counted up where pte is
 * present. */
void pte_fill(pte_t *entry, unsigned nr, pte_t pte);
/* An empty table gets its place, or leaves it. False: it is none, or not for this place; it is not
 * empty. */
bool table_link(pte_t *entry, pfn_t table, bool is_user) MUST_CHECK;
bool table_unlink(pte_t *entry) MUST_CHECK;
/*
 * Up to RELEASED_MAX entries in a row of one table: pages of pools. They are read-only from now on,
 * and when no processor can write there any more their frames are sealed. False: not yet; ask again
 * after a downgrade.
 */
bool pool_pages_seal(pte_t *entries, unsigned nr) MUST_CHECK;
/* Write-rare: bytes of [address, address + len_bytes), within one area of pools, up to WINDOW_PAGES
 * pages, or one descriptor. False: nothing was written. */
enum pool_write_kind { POOL_WRITE_COPY, POOL_WRITE_SET, POOL_WRITE_STORE };
struct pool_write {
	enum pool_write_kind kind;
	uint32_t len_bytes;
	uint64_t
		value; /* COPY: the address of kernel memory; SET: a byte; STORE: up to 8 of them */
	uint32_t pool; /* the pool, by the number of its descriptor */
};
bool pool_bytes_write(uint64_t address, const struct pool_write *what) MUST_CHECK;

/* A fresh frame of 4 KiB is zeroed. */
void frame_clear_fresh(pfn_t frame);

/*
 * What nr entries in a row show, of the address space that is loaded, a new one gets, too, with a
 * reference each; where that is private neither side may write any more.
 */
struct shared {
	unsigned nr;      /* pages */
	bool is_stricter; /* who has it loaded could write to one until now: the caller flushes */
};
struct shared entries_share(pte_t *from, pte_t *to, unsigned nr, bool is_private);

/*
 * Before that: a page that may be written is not shared but copied, into a frame as page_map takes
 * it. False: the frame is none, and another may do. What the new one has already is not shared.
 */
bool page_clone(pte_t *from, pte_t *to, pfn_t copy) MUST_CHECK;

/*
 * pte_store, where a stricter entry owes a flush, which debug builds look for (mm/tlb/tlb_debt.h).
 * Not for another frame where one is mapped: the page is parked and flushed in between, else two
 * frames could be used at one address.
 */
static inline void pte_write(pte_t *entry, pte_t pte)
{
	/* a volatile load, which release builds need not make */
	pte_t old = ASSERTIONS ? pte_read(entry) : PTE_NONE;

	assert(!pte_is_present(old) || !pte_is_present(pte) ||
	       (pte_frame(old).pfn == pte_frame(pte).pfn && pte_is_user(old) == pte_is_user(pte)));
	pte_store(entry, pte);
	if (ASSERTIONS && pte_is_stricter(old, pte)) {
		upcall_entry_stricter(&entry->value, pte_is_user(old));
	}
}
