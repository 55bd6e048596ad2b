/* The operations, for gate.c's table and for one another. Nothing outside this folder calls them.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/paging.h"
#include "core/cpu.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame.h"
#include "mm/gate/gate.h"

enum gate_refusal {
	GATE_DONE,
	GATE_NO_FRAME,   /* there is no such frame */
	GATE_NO_TABLE,   /* that is no page table, or not in one */
	GATE_NOT_FOR_IT, /* the frame must not be mapped there, or not with these rights */
	GATE_NO_CHANGE,  /* no frame becomes that from what it is */
	GATE_IN_USE,     /* something leads to it */
	GATE_NOT_OURS,   /* another address space's */
	GATE_NOT_YET,    /* a processor has not flushed */
	NR_GATE_REFUSALS,
};
/* An operation that tells a number does so above its refusal. */
enum { GATE_VALUE_SHIFT = 8, GATE_REFUSAL = (1 << GATE_VALUE_SHIFT) - 1 };

/* From gate_begin on. */
static inline bool gate_is_shut(void) { return gate_in_force != ptprot_off; }

typedef uint64_t gate_function(uint64_t, uint64_t, uint64_t, uint64_t);
#define GATE(name, function, text) gate_function function;
#include "mm/gate/gate.def"
#undef GATE
/* What PAGE_MAP is with ptprot=window. */
gate_function gate_page_map_in_window;
/* gate.asm calls them by number. */
extern gate_function *gate_operations[NR_GATE_OPERATIONS];

/* A processor's block: a guard page, its stack, of which gate.inc has the top, and a page of
 * answers. */
enum { GATE_BLOCK_PAGES = ASSERTIONS ? 8 : 4, GATE_STACK_PAGES = GATE_BLOCK_PAGES - 2 };

/* From the top of the gate's stack down: the caller's IDTR (gate.inc, GATE_IDTR). */
enum { GATE_IDTR_BELOW = 4 * 8 };

/* Where the gate writes what everybody reads of a frame. */
static inline struct frame *gate_frame(pfn_t frame) { return &gate_frames[frame.pfn]; }

/* A frame's flags and number become these, if its word still is that. */
static inline bool frame_word_change(pfn_t frame, struct frame from, uint8_t flags, uint32_t number)
{
	union frame_word before = { .frame = from }, after = before;

	after.frame.flags = flags;
	after.frame.number = number;
	return __atomic_compare_exchange_n((uint64_t *)gate_frame(frame), &before.word, after.word,
					   false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE);
}

/*
 * What the gate keeps for a processor, in the last page of its block, behind interrupted.asm's
 * areas; and, in the first processor's, for all. Everybody may read it.
 */
struct gate_kept {
	struct current current;

	/* what generations up to this one removed from the kernel half is gone from this
	 * processor's TLB */
	uint64_t seen;

	/* how often it opened its window, for how many frames */
	uint64_t nr_openings, nr_shown;

	/* a user frame that the kernel holds here, so that it stays one; 0: none */
	uint32_t held;

	/* the first processor's alone */
	uint64_t newest;          /* of the latest downgrade */
	uint64_t newest_complete; /* some processor found that all have seen it */
	uint64_t pools_next;      /* no area of a pool began here yet, nor above */
	uint64_t pools_changed;   /* the generation behind the last page of a pool that may be
				     written to no more */
	uint32_t kernel_half;     /* held while entries of the kernel half change, and while frames
				     become hidden */
	uint32_t credentials;     /* held while an entry of credentials changes */
};
enum { GATE_KEPT_OFFSET = 1024 };
extern uint64_t gate_kept_start;

/* This processor's TLB, under all PCIDs. */
void gate_flush_everything(void);

/* Only from gate_begin on. */
void gate_kernel_half_lock(void);
void gate_kernel_half_unlock(void);
/* The kernel half's, or that of a root, may be taken while this one is held. */
void gate_credentials_lock(void);
void gate_credentials_unlock(void);

/* What a hidden frame waits for whose mapping went before this call: the next generation. Full
 * barrier. */
uint32_t gate_number_next(void);
/* Pages of pools may be written to no more, by their entries: by no processor once they are
 * settled. */
void gate_pools_changed(void);
bool gate_pools_are_settled(void);
/* Where the next area of a pool may begin. */
uint64_t gate_pools_next(void);
void gate_pools_next_set(uint64_t address);
/* Has every processor seen the generation that a frame waits for? */
bool gate_number_is_complete(uint32_t number);

/* Where an entry is, as the frame table says. */
struct place {
	pfn_t table;
	unsigned index, level;
	bool is_user;
	bool is_frozen;     /* kernel half: nothing comes or goes there any more */
	uint32_t root;      /* user half: the kernel root that leads there */
	uint64_t address;   /* kernel half: what the entry stands for */
	struct frame state; /* of the table, when that was looked up */
};
/* Without a lock: for a moment. */
bool place_find(uint64_t entry, struct place *out);
/* Of the kernel half: may a page come or go there after the boot? */
bool place_may_change(uint64_t address);
/* What leads there stays so until it is unlocked. False: in no table that may change. */
bool place_lock(uint64_t entry, struct place *out) MUST_CHECK;
void place_unlock(const struct place *place);
/* Two, of one user half or of two. */
bool place_lock_two(uint64_t one_at, uint64_t two_at, struct place *one,
		    struct place *two) MUST_CHECK;
void place_unlock_two(const struct place *one, const struct place *two);
/* One of a user half, and another root. */
bool place_lock_and_root(uint64_t entry, uint32_t root, struct place *out) MUST_CHECK;
void place_unlock_and_root(const struct place *place, uint32_t root);
/* Writes the entry, `entries` being where the gate has its table; of a root, in both of the pair.
 */
void place_put(const struct place *place, pte_t *entries, pte_t pte);
static inline void gate_put(pte_t *entry, pte_t pte)
{
	*(volatile uint64_t *)&entry->value = pte.value;
}
/* Of a place in a user half. */
static inline unsigned place_root_state(const struct place *place)
{
	return frame_entry((pfn_t){ place->root })->flags & ROOT_STATES;
}
/* An open gate: nr leaves of one table as both sides have them, in both. */
struct shared entries_share_raw(pte_t *from, pte_t *to, unsigned nr, bool is_private);
/* What the operation has told. */
struct shared shared_in(uint64_t result);
/* What is done to pages once all was asked: pages.c. As the functions of gate.h without _raw. */
static inline void page_map_raw(pte_t *entry, pte_t pte)
{
	union frame_word *frame = (union frame_word *)gate_frame(pte_frame(pte));
	uint64_t flags = frame->word & FRAME_WORD(.flags = UINT8_MAX);

	if (UNLIKELY(pte.value & PTE_HUGE)) {
		flags |= FRAME_WORD(.order = HUGE_ORDER);
	}
	frame->word = flags | FRAME_WORD(.owner = OWNER_USER, .refs = 1);
	gate_put(entry, pte);
}
void page_clone_raw(pte_t *from, pte_t *to, pfn_t copy);
unsigned pages_park_raw(pte_t *entries, unsigned nr);
unsigned pages_release_raw(pte_t *entries, unsigned nr, bool is_large, struct released *out);
void root_empty_raw(pfn_t root, uint64_t at, uint64_t end, uint64_t next, struct emptied *out);
void page_replace_raw(pte_t *entry, pte_t pte, struct released *out);
bool pool_pages_seal_raw(pte_t *entries, unsigned nr);
unsigned pages_move_raw(pte_t *from, pte_t *to, unsigned nr, bool is_present);
/* How many pages more the taker has. */
int page_give_raw(pte_t *from, pte_t *to, struct released *out);
/* An open gate: what the frame table says of a table that is about to be linked. */
void table_link_raw(pte_t *entry, pfn_t table);
/* A leaf of a user half has rights that one may have. */
bool user_leaf_has_rights(pte_t pte, unsigned level);
/* So many more entries of its table are in use. */
static inline void place_used_add(const struct place *place, int nr)
{
	struct frame *frame = gate_frame(place->table);

	if (!table_is_reserved(frame)) {
		__atomic_fetch_add(&frame->nr_used, (uint16_t)nr, __ATOMIC_RELAXED);
	}
}

/* Where this processor's operation leaves what it released, as struct released or struct emptied:
 * in its block, which all may read. */
enum { GATE_ANSWER_OFFSET = 2048 }; /* from the top of the stack on */
struct released *gate_answer(void);

/* Outside: an operation is called, and its result returned. A refusal stops the machine, but with
 * gate_try. */
_Noreturn void gate_refused(enum gate_operation operation, uint64_t result, uint64_t what);
static inline uint64_t gate_try(enum gate_operation operation, uint64_t a, uint64_t b, uint64_t c,
				uint64_t d)
{
	COUNT(gate_calls);
	return gate_enter(a, b, c, 0, d, operation);
}
static inline uint64_t gate_call(enum gate_operation operation, uint64_t a, uint64_t b, uint64_t c,
				 uint64_t d)
{
	uint64_t result = gate_try(operation, a, b, c, d);

	if (UNLIKELY(result & GATE_REFUSAL)) {
		gate_refused(operation, result, a);
	}
	return result;
}

/*
 * The same of an entry of a user half, and one of another, whose pages have been flushed. A
 * processor that begins to use one of them meanwhile is seen before it has flushed: then another
 * try is due.
 */
uint64_t gate_try_flushed(enum gate_operation operation, const pte_t *entry, uint64_t b,
			  const pte_t *other);

/*
 * One more thing is made with this root loaded that is nobody else's meanwhile: a fresh page, or a
 * new address space. It does not rest before that is done, as whoever has it then would take it for
 * its own. False: it is dying, or owes too much.
 */
bool root_owes(uint32_t root) MUST_CHECK;
static inline void root_owes_less(uint32_t root)
{
	__atomic_fetch_sub(&gate_frame((pfn_t){ root })->nr_used, (uint16_t)OWED, __ATOMIC_RELAXED);
}

struct gate_kept *gate_kept_own(void);

/* The kernel root of the current address space. */
static inline pfn_t gate_loaded_root(void) { return (pfn_t){ current_here()->root }; }
/* Stacks that a pid has. */
unsigned gate_nr_stacks(uint32_t pid);
/* Some processor may walk it: it is the current one there, or CR3 has it still. And: it is current
 * on another processor than this. */
bool gate_root_is_named(uint32_t root);
bool gate_root_runs_elsewhere(uint32_t root);

/* Of a new root: it is made by whoever has loaded what this processor has. */
static inline bool root_is_made_here(struct frame root)
{
	return root.number == gate_loaded_root().pfn;
}
/* The address space is this processor's: it has its root loaded, or makes it. */
static inline bool place_is_ours(const struct place *place)
{
	struct frame root = *frame_entry((pfn_t){ place->root });
	unsigned state = root.flags & ROOT_STATES;

	return (LIKELY(state == 0) || state == ROOT_NEW) && root_is_made_here(root);
}
/* It is a program's, and made here: it gets empty pages, what the file has, and a stack. */
static inline bool place_is_program(const struct place *place)
{
	struct frame root = *frame_entry((pfn_t){ place->root });

	return (root.flags & ROOT_STATES) == ROOT_PROGRAM && root_is_made_here(root);
}
/* program.c, of a root that is locked. It becomes ROOT_PROGRAM, if the file is one that runs; what
 * it has is not what the file says any more; it is a program's no more. Has it all that the program
 * begins with? Which file that is. */
bool program_begin(pfn_t root, uint64_t file) MUST_CHECK;
void program_spoil(pfn_t root);
void program_end(pfn_t root);
bool program_is_whole(pfn_t root);
uint32_t program_of(pfn_t root);
/* May its maker write there? */
bool program_lets_write(const struct place *place, uint64_t address, uint64_t len_bytes);
/* A root that is locked, new or a whole program's: published, and counted with the entry that will
 * name it, so that nobody has it die in between. */
bool root_publish_owed(pfn_t root) MUST_CHECK;
struct program_users {
	uint32_t own, callers; /* the user it acts for; the one that its process acted for before */
};
/* All pages are filled, and the stack gets its auxiliary vector; then it is published. Takes the
 * lock. */
bool program_start(pfn_t root, uint64_t file, uint64_t rsp,
		   const struct program_users *users) MUST_CHECK;

/* Where it writes a page table, in up to two places at once. Closed: nothing is written there any
 * more. */
enum gate_place { PLACE_ONE, PLACE_TWO, NR_GATE_PLACES };
pte_t *gate_window_open(enum gate_place place, pfn_t table);
void gate_window_close(enum gate_place place);
static inline pte_t *gate_table_open(enum gate_place place, pfn_t table)
{
	return gate_in_force == ptprot_window ? gate_window_open(place, table)
					      : direct_map_pointer(table);
}
static inline void gate_table_close(enum gate_place place)
{
	if (gate_in_force == ptprot_window) {
		gate_window_close(place);
	}
}

/* What an operation is told to copy bytes from is not its own window. */
bool gate_may_read(const void *from, uint64_t len_bytes);

/*
 * Frames in hand are seen in a row, up to WINDOW_PAGES, and may be written to there, until they are
 * shown no more.
 */
char *gate_show(const pfn_t *shown, unsigned nr, cr3_t *before);
void gate_unshow(unsigned nr, cr3_t before);
/*
 * Frames in hand, through this processor's window, which is closed and flushed afterwards: up to
 * WINDOW_PAGES are zeroed; up to half as many in a row are copied.
 */
void gate_zero(const pfn_t *frames_to_zero, unsigned nr);
void gate_copy(pfn_t to, pfn_t from, unsigned nr);
/* They are seen in a row: from an offset on bytes are written that the kernel has. */
void gate_write(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, const void *from,
		uint64_t len_bytes);
/* The same with one byte for all; with one store of 1, 2, 4 or 8. */
void gate_set(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, int byte,
	      uint64_t len_bytes);
bool gate_store(pfn_t frame, uint64_t offset_bytes, uint64_t value, unsigned size_bytes);
