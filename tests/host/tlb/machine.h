/*
 * The simulated machine: CPUs with store buffers and PCID-tagged TLBs, in any interleaving.
 *
 * Memory. A store (tlb_hw_write) goes to the CPU's store buffer, which the scheduler drains in
 * order, one by one, whenever it likes. Reads see the own buffer first. Read-modify-writes and
 * flushing instructions drain it first.
 *
 * TLB and paging-structure caches. They are as full as they could ever be: whatever the loaded root
 * translates, and every table on the way, is cached at once under the loaded PCID, also right after
 * a flush, and nothing is evicted. A real processor holds a subset of these entries, so what cannot
 * go wrong here cannot there. There are no global pages. An entry is a version number that only
 * rises (0: not present), and of each one a CPU remembers the oldest version it has cached. The
 * tables above a half's page tables change with the root alone: one entry stands for them in the
 * user half, none in the kernel half.
 *
 * Pages. A user page has a table of its own. Kernel pages lie in 2 MiB each, SIM_PARTS in one,
 * which are mapped as a large page or by a table with an entry for each part. What a CPU has cached
 * of them lives side by side: the large page, the table and its parts, as after a split; and it
 * walks through the table that it has cached as well as through the one that is there.
 *
 * Flushes are those of the Intel manual, volume 3, "Operations that Invalidate TLBs and
 * Paging-Structure Caches", and no more: INVLPG removes the page, of either size, and, under the
 * loaded PCID, every entry for a table; INVPCID of an address the page and the tables on the way to
 * it; a load of CR3 without NOFLUSH all of its PCID. AMD's manual, volume 2, keeps to that; with
 * EFER.TCE, which stays clear, its INVLPG would be as narrow as INVPCID is here.
 *
 * Truth. When the code under test claims that nobody can use old translations of a page, or an old
 * table, any more, the test calls one of sim_forbid_*. From then on an older version that a CPU
 * could use where it stands is a violation. Kernel pages count in kernel code that user input can
 * steer, user pages whenever their root is loaded. Tables count whenever their root is loaded, of
 * both halves: the processor may walk them at any time, even for no access, and writes to them. A
 * table that serves other 2 MiB of the kernel half counts as freed where it served before.
 */
#pragma once

#include "coroutine.h"

#include "core/current.h"
#include "mm/tlb/tlb.h"

enum {
	SIM_CPUS_MAX = 4,
	SIM_SPACES = 8, /* more than ASID slots */
	SIM_LARGE_PAGES = 2,
	SIM_PARTS = 2, /* kernel pages in each */
	SIM_KERNEL_PAGES = SIM_LARGE_PAGES * SIM_PARTS,
	SIM_USER_PAGES = 2,
	SIM_NR_PCIDS = 14, /* 0 to 7, 0x801 to 0x806 */
	SIM_STORES_MAX = 8,
	SIM_NOBODY = -1,
};

#define SIM_KERNEL_BASE 0xffff888000000000ul
#define SIM_USER_BASE 0x400000ul

/* WAKE_OLD: a step of an access, which takes the oldest translation that is cached. */
enum sim_wake { WAKE_STEP, WAKE_INTERRUPT, WAKE_NMI, WAKE_OLD };

/* What every walk must find of a kernel page. */
enum sim_shown { SHOWN_ANY, SHOWN_ALWAYS, SHOWN_NEVER };

struct sim_store {
	tlb_word_t *word;
	uint64_t value;
};

/*
 * What a CPU has cached under one PCID: the oldest version of each entry, 0: none. pte, large: TLB;
 * pde: where a page table is; upper: the tables above.
 */
struct sim_cached {
	uint16_t kernel_pte[SIM_KERNEL_PAGES], kernel_large[SIM_LARGE_PAGES];
	uint32_t kernel_pde[SIM_LARGE_PAGES]; /* as sim_table_entry says */
	struct sim_cached_user {
		uint16_t pte[SIM_USER_PAGES], pde[SIM_USER_PAGES], upper;
		uint16_t owner; /* address space that the entries are of, counted from 1 */
	} user;
};

struct sim_cpu {
	struct tlb_cpu tlb;
	tlb_word_t mode;
	uint64_t cr3; /* as MOV reads it */
	struct current current;
	struct sim_cached cached[SIM_NR_PCIDS];
	struct sim_store stores[SIM_STORES_MAX];
	unsigned nr_stores;

	/* where it stands */
	bool kernel_usable; /* code that user input can steer runs in kernel mode */
	bool user_usable;   /* user mode, or the kernel may access user memory */
	int running;        /* whose memory that is: index of the address space, or SIM_NOBODY */
	bool interruptible, ipi_pending, in_nmi, is_online, is_finished, is_accessing;
};

/* One of the machine's processors' features and the kernel's mode. */
struct sim_config {
	unsigned nr_cpus;
	bool kaiser, pcid, invpcid;
	bool gated;          /* the gate keeps the kernel half's generations; all others are lies */
	bool large;          /* kernel pages start as parts of large ones, else in tables */
	bool step_at_stores; /* a step before buffering a store too: more places for an NMI */
};

/*
 * The machine's state. A snapshot is this, the other variables of the program, and the stacks in
 * use.
 */
struct sim {
	struct sim_config config;
	struct sim_cpu cpus[SIM_CPUS_MAX];
	tlb_word_t nr_online;
	tlb_word_t gate_newest, gate_seen[SIM_CPUS_MAX]; /* the gate's; 0 without one */
	/*
	 * Page tables: of each page its entry, and the entry for its table; then those above. In
	 * the kernel half a pte's place is that in its table, table after table, and a pde is a
	 * large page's version or a sim_table_entry.
	 */
	tlb_word_t kernel_pte[SIM_KERNEL_PAGES], kernel_pde[SIM_LARGE_PAGES];
	tlb_word_t user_pte[SIM_SPACES][SIM_USER_PAGES], user_pde[SIM_SPACES][SIM_USER_PAGES];
	tlb_word_t user_upper[SIM_SPACES];
	/* older versions are forbidden */
	uint16_t kernel_min[SIM_KERNEL_PAGES], kernel_pde_min[SIM_LARGE_PAGES];
	uint16_t large_min[SIM_LARGE_PAGES]; /* of the large page itself */
	uint16_t user_min[SIM_SPACES][SIM_USER_PAGES], user_pde_min[SIM_SPACES][SIM_USER_PAGES];
	uint16_t user_upper_min[SIM_SPACES];
	uint8_t table_serves[SIM_LARGE_PAGES]; /* the large page that a table was last given to */
	enum sim_shown kernel_shown[SIM_KERNEL_PAGES];
	uint16_t other_frame_from[SIM_SPACES][SIM_USER_PAGES]; /* this version, when it is written,
								   maps another frame; 0: none */
	struct as_tlb spaces[SIM_SPACES];
	tlb_word_t generations[SIM_SPACES]; /* of user halves */
	unsigned told_slot; /* a lie, once: the slot that the next switch is told; counted from 1 */
	uint16_t newest_version;
	unsigned current; /* CPU that runs */
	uint64_t scheduler_rsp;
	struct coroutine coroutines[SIM_CPUS_MAX];
};
extern struct sim sim;

/* On the heap, so never in a snapshot. */
struct sim_log {
	_Alignas(16) unsigned char stacks[SIM_CPUS_MAX][COROUTINE_STACK_BYTES];
	uint64_t nr_steps, nr_checks, nr_rounds, nr_ipis, nr_flushes, nr_noflush_loads;
	uint64_t nr_interrupts[SIM_CPUS_MAX];
	const char *failure; /* NULL: none */
	const char *event;   /* what the last step did */
	uint64_t detail;
	enum sim_wake wake; /* why sim_step returns to the CPU */
};
extern struct sim_log *sim_log;

void sim_log_init(void);
/* What a step did, in words. */
void sim_describe(const char *event, uint64_t detail, char *text, size_t size_bytes);

/* A machine after reset: all page-table entries 0, CPUs offline, nothing cached. */
void sim_init(const struct sim_config *config);
/* The CPU will run body, which must never return. */
void sim_start(unsigned id, void (*body)(void));

/* For schedulers: what can happen next, and making it happen. */
bool sim_can(unsigned id, enum sim_wake wake);
void sim_resume(unsigned id, enum sim_wake wake);
/* Its program is at its end, and it is not in an interrupt. */
bool sim_is_through(unsigned id);
bool sim_has_stores(unsigned id);
void sim_drain_one(unsigned id);

/* For code on a simulated CPU. */
struct sim_cpu *sim_self(void);
void sim_step(const char *event, uint64_t detail); /* other CPUs may run here */
void sim_fail(const char *why);
/*
 * An access to a user page, by the translation there is or by the oldest one cached, as the
 * schedule has it: its version, 0 where there is none.
 */
uint16_t sim_access(unsigned page);
/* Says where the CPU stands, and looks at what it could use there. */
void sim_stand(bool kernel_usable, bool user_usable);
uint16_t sim_version_new(void);
/*
 * Versions of the page, of the large page, or of the page's table, older than this one are gone,
 * says the code under test. The table's frame is used for something else from now on.
 */
void sim_forbid_kernel(unsigned page, uint16_t oldest_allowed);
void sim_forbid_large(unsigned large, uint16_t oldest_allowed);
void sim_forbid_user(unsigned space, unsigned page, uint16_t oldest_allowed);
void sim_forbid_kernel_table(unsigned large, uint16_t oldest_allowed);
void sim_forbid_user_table(unsigned space, unsigned page, uint16_t oldest_allowed);
/* The same of all tables of an address space. */
void sim_forbid_tables(unsigned space, uint16_t oldest_allowed);
/*
 * From this version on the entry maps another frame. From the moment it is visible an older one
 * that a CPU could use is a violation: two frames would be usable at one address of one address
 * space.
 */
void sim_note_other_frame(unsigned space, unsigned page, uint16_t first_version);
/* Of a table by its number: an entry that leads to it. */
enum { SIM_TABLE_SHIFT = 16 };
static inline uint32_t sim_table_entry(unsigned table, uint16_t version)
{
	return (table + 1) << SIM_TABLE_SHIFT | version;
}
static inline va_t sim_kernel_address(unsigned page)
{
	return (va_t){ SIM_KERNEL_BASE + page / SIM_PARTS * HUGE_SIZE +
		       page % SIM_PARTS * PAGE_SIZE };
}
/* Each page is the first of its table. */
static inline uva_t sim_user_address(unsigned page)
{
	return (uva_t){ SIM_USER_BASE + page * HUGE_SIZE };
}

/* Roots. A shadow root is one page above its kernel root. */
pa_t sim_boot_root(void);
pa_t sim_space_root(unsigned space);
pa_t sim_window_root(void);

/* The CPU's interrupt and NMI handlers: kernel.c. */
void sim_on_interrupt(void);
void sim_on_nmi(void);
