/*
 * The simulated machine: CPUs with store buffers and PCID-tagged TLBs, in any interleaving.
 *
 * Memory. A store (tlb_hw_write) goes to the CPU's store buffer, which the scheduler drains in
 * order, one by one, whenever it likes. Reads see the own buffer first. Read-modify-writes and
 * flushing instructions drain it first.
 *
 * TLB. It is as full as it could ever be: whatever the loaded root translates is cached at once
 * under the loaded PCID, also right after a flush, and nothing is evicted. A real TLB holds a
 * subset, so what cannot go wrong here cannot there. A page-table entry is a version number that
 * only rises (0: not present), and of each page a TLB remembers the oldest version it has cached. A
 * page has several entries in the TLB if several roots were used under one PCID.
 *
 * Large pages. Kernel pages lie in large ones, two in each. The entry of a large page is a version,
 * or leads to a table that has an entry for each part. A CPU that uses it caches the large page, or
 * where the table is and the parts; also both, as after a split, and it walks through the table
 * that it has cached as well as through the one that is there. INVLPG of a part takes the part, the
 * large page, and where tables are.
 *
 * Truth. When the code under test claims that nobody can use old translations of a page any more,
 * the test calls sim_forbid_kernel or sim_forbid_user. From then on an older version that a CPU
 * could use where it stands is a violation: kernel pages count in kernel code that user input can
 * steer, user pages whenever their root is loaded.
 */
#pragma once

#include "coroutine.h"

#include "core/tlb_cpu.h"
#include "mm/tlb.h"

enum {
	SIM_CPUS_MAX = 4,
	SIM_SPACES = 8, /* more than ASID slots */
	SIM_LARGE_PAGES = 2,
	SIM_PARTS = 2, /* kernel pages in each */
	SIM_KERNEL_PAGES = SIM_LARGE_PAGES * SIM_PARTS,
	SIM_USER_PAGES = 2,
	/* what a PCID has: kernel pages, large pages, where tables are, user pages */
	SIM_FIRST_LARGE = SIM_KERNEL_PAGES,
	SIM_FIRST_TABLE = SIM_FIRST_LARGE + SIM_LARGE_PAGES,
	SIM_FIRST_USER = SIM_FIRST_TABLE + SIM_LARGE_PAGES,
	SIM_NR_ENTRIES = SIM_FIRST_USER + SIM_SPACES * SIM_USER_PAGES,
	SIM_NR_PCIDS = 14, /* 0 to 7, 0x801 to 0x806 */
	SIM_STORES_MAX = 8,
	SIM_NOBODY = -1,
};

#define SIM_KERNEL_BASE 0xffff888000000000ul
#define SIM_USER_BASE 0x400000ul

enum sim_wake { WAKE_STEP, WAKE_INTERRUPT, WAKE_NMI };

enum { SIM_LARGE = 1 << 15 };

/* What every walk must find of a kernel page. */
enum sim_shown { SHOWN_ANY, SHOWN_ALWAYS, SHOWN_NEVER };

struct sim_store {
	tlb_word_t *word;
	uint64_t value;
};

struct sim_cpu {
	struct tlb_cpu tlb;
	tlb_word_t mode;
	uint64_t cr3;                                  /* as MOV reads it */
	uint16_t cached[SIM_NR_PCIDS][SIM_NR_ENTRIES]; /* oldest version, 0: none */
	struct sim_store stores[SIM_STORES_MAX];
	unsigned nr_stores;

	/* where it stands */
	bool kernel_usable; /* code that user input can steer runs in kernel mode */
	bool user_usable;   /* user mode, or the kernel may access user memory */
	int running;        /* whose memory that is: index of the address space, or SIM_NOBODY */
	bool interruptible, ipi_pending, in_nmi, is_online, is_finished;
};

/* One of the machine's processors' features and the kernel's mode. */
struct sim_config {
	unsigned nr_cpus;
	bool kaiser, pcid, invpcid;
	bool large;          /* kernel pages are parts of large ones; else of tables for ever */
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
	tlb_word_t
		large_pte[SIM_LARGE_PAGES]; /* SIM_LARGE and a version, or a table's number + 1 */
	tlb_word_t kernel_pte[SIM_KERNEL_PAGES]; /* table after table */
	uint8_t table_serves[SIM_LARGE_PAGES];   /* the large page that a table was last given to */
	enum sim_shown kernel_shown[SIM_KERNEL_PAGES];
	tlb_word_t user_pte[SIM_SPACES][SIM_USER_PAGES];
	uint16_t kernel_min[SIM_KERNEL_PAGES]; /* older versions are forbidden */
	uint16_t large_min[SIM_LARGE_PAGES];   /* of the large page itself */
	uint16_t user_min[SIM_SPACES][SIM_USER_PAGES];
	uint16_t other_frame_from[SIM_SPACES][SIM_USER_PAGES]; /* this version, when it is written,
								   maps another frame; 0: none */
	struct as_tlb spaces[SIM_SPACES];
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
/* Says where the CPU stands, and looks at what it could use there. */
void sim_stand(bool kernel_usable, bool user_usable);
uint16_t sim_version_new(void);
/* Versions of the page older than this one are gone, says the code under test. */
void sim_forbid_kernel(unsigned page, uint16_t oldest_allowed);
void sim_forbid_large(unsigned large, uint16_t oldest_allowed);
void sim_forbid_user(unsigned space, unsigned page, uint16_t oldest_allowed);
/*
 * From this version on the entry maps another frame. From the moment it is visible an older one
 * that a CPU could use is a violation: two frames would be usable at one address of one address
 * space.
 */
void sim_note_other_frame(unsigned space, unsigned page, uint16_t first_version);
static inline va_t sim_kernel_address(unsigned page)
{
	return (va_t){ SIM_KERNEL_BASE + page / SIM_PARTS * HUGE_SIZE +
		       page % SIM_PARTS * PAGE_SIZE };
}
static inline uva_t sim_user_address(unsigned page)
{
	return (uva_t){ SIM_USER_BASE + page * PAGE_SIZE };
}

/* Roots. A shadow root is one page above its kernel root. */
pa_t sim_boot_root(void);
pa_t sim_space_root(unsigned space);
pa_t sim_window_root(void);

/* The CPU's interrupt and NMI handlers: kernel.c. */
void sim_on_interrupt(void);
void sim_on_nmi(void);
