/*
 * Per-CPU data. GS points at the CPU's entry page (struct cpu_entry), which the shadow root maps
 * too; struct cpu follows it one page further on and is in kernel roots only.
 */
#pragma once

#include "arch/x86_64/paging.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/trap.h"
#include "core/tlb_cpu.h"
#include "lib/types.h"

enum {
	NR_CPUS_MAX = 256,
	HELD_LOCKS_MAX = 8,
	FRAME_CACHE_MAX = 32,
	SPARE_TABLES_MAX = 16,
	SPARE_ROOTS_MAX = 4
};

struct lock;
struct thread;

enum counter {
#define COUNTER(name, help) COUNTER_##name,
#include "abi/counters.def"
#undef COUNTER
	NR_COUNTERS,
};

/* In the entry area: nothing here may be a kernel-image or direct-map address. */
struct cpu_entry {
	uint64_t user_rsp; /* scratch of the SYSCALL path */
	tlb_word_t mode;   /* enum cpu_mode, written before the CR3 switch */
};

struct cpu {
	struct cpu *self;
	uint64_t stack_top;      /* of the current thread's kernel stack; entry code starts there */
	struct thread *current;  /* never NULL once the scheduler runs: the idle thread at least */
	struct trap_handlers on; /* where the entry code goes */
	uint32_t id;             /* 0 .. nr_cpus - 1 */
	uint32_t apic_id;
	bool need_resched; /* looked at on the way back to user mode */
	bool online;
	struct cpu_entry *entry;
	struct tlb_cpu tlb;

	/* lock.c: locks held, in the order they were taken */
	const struct lock *held[HELD_LOCKS_MAX];
	unsigned nr_held;

	/* frame_alloc.c: hidden, zeroed order-0 frames, ready for user space */
	pfn_t frame_cache[FRAME_CACHE_MAX];
	unsigned nr_frame_cache;

	/* ptable.c: empty page tables, and root pairs with an empty user half */
	pfn_t spare_tables[SPARE_TABLES_MAX];
	pfn_t spare_roots[SPARE_ROOTS_MAX];
	unsigned nr_spare_tables, nr_spare_roots;

	/* window.c */
	pfn_t window_root;
	pte_t *window_entries; /* the window's page table, through the direct map */
	bool window_is_open;

	struct thread *idle;
	uint64_t counters[NR_COUNTERS];
};

extern struct cpu *cpus[NR_CPUS_MAX];
extern unsigned nr_cpus; /* online */

static inline struct cpu *this_cpu(void) { return percpu_self(); }

static inline void counter_add(enum counter counter, uint64_t nr)
{
	this_cpu()->counters[counter] += nr;
}
#define COUNT(name) counter_add(COUNTER_##name, 1)
#define COUNT_N(name, nr) counter_add(COUNTER_##name, (nr))
