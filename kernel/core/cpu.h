/*
 * Per-CPU data. GS points at the CPU's entry page (struct cpu_entry), which the shadow root maps
 * too; struct cpu follows it one page further on and is in kernel roots only.
 */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "arch/x86_64/cpu/percpu.h"
#include "arch/x86_64/cpu/tlb_port.h"
#include "arch/x86_64/entry/entry_set.h"
#include "arch/x86_64/entry/trap.h"
#include "core/current.h"
#include "core/tlb_cpu.h"
#include "lib/types.h"

enum {
	NR_CPUS_MAX = 256,
	KSTACK_RING_MAX = 128, /* entry.asm takes the low byte of a count of twos */
	HELD_LOCKS_MAX = 8,
	FRAME_CACHE_MAX = 64,
	SPARE_TABLES_MAX = 16,
	SPARE_ROOTS_MAX = 4
};

struct lock;
struct syscall_table;
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
	struct tlb_port port;
	uint64_t leaving[4]; /* entry.asm: registers on the way out, while it needs them */
};
static_assert(offsetof(struct cpu_entry, port) == TLB_PORT_OFFSET, "GS finds it there");

/* What of a CPU nobody can write to but through a window: task/authority/active_syscall_table.h. */
struct cpu_sealed {
	const struct syscall_table
		*syscall_table;                 /* syscall.asm: serves the current thread's calls */
	const struct syscall_table *rule_table; /* where its rule leads them, watched or not */
	uint64_t exit_stack_top; /* entry.asm: one past the last byte of the exit stack */
	/* gate.asm: one past the last byte of the gate's stack, where the gate sees it; the root
	 * that opens it, and what the loaded one keeps when it is loaded again */
	uint64_t gate_stack_top;
	cr3_t gate_cr3;
	uint64_t gate_noflush;
	const struct current *current;
};

struct cpu {
	struct cpu *self;
	struct thread *current;  /* never NULL once the scheduler runs: the idle thread at least */
	struct trap_handlers on; /* where the entry code goes */
	uint32_t id;             /* 0 .. nr_cpus - 1 */
	uint32_t apic_id;
	bool need_resched; /* cpu_request_resched; looked at on the way back to user mode */
	bool online;
	struct cpu_entry *entry;
	struct tlb_cpu tlb;

	/* entry.asm: where the user's registers go on the current thread's kernel stack, lowest
	 * address first: plus an offset from the ring. How often one was taken, times two. */
	uint64_t lowest_regs;
	uint64_t syscalls_x2, traps_twice;
	uint16_t kstack_ring[KSTACK_RING_MAX];
	uint64_t entry_stack_top;

	/* kaiser.c: CR3 writes of the entry code, but for those since it was last switched; entries
	 * up to then */
	uint64_t crossings, entries_before_kaiser;

	/* entry.asm, syscall.asm: how to get out of the kernel again */
	uint64_t leave_syscall; /* leave_syscall_fast, or syscall_leave_slowly: something to do */
	uint64_t leave_syscall_fast, leave_trap; /* of the variant of KAISER in force */

	/* lock.h: locks held; in debug builds which, in the order they were taken */
	const struct lock *held[HELD_LOCKS_MAX];
	unsigned nr_held;

	/* frame_user.c: order-0 frames ready for user space; mm/frame/stock.h says who may have
	 * them */
	pfn_t frame_cache[FRAME_CACHE_MAX];
	unsigned nr_frame_cache;

	/* frame_history.h, frame_who(pid): on whose behalf this CPU works; the scheduler says it */
	uint64_t frame_who;

	/* ptable.c: empty page tables, and root pairs with an empty user half; stocks, too */
	pfn_t spare_tables[SPARE_TABLES_MAX];
	pfn_t spare_roots[SPARE_ROOTS_MAX];
	unsigned nr_spare_tables, nr_spare_roots;

	/* window.c */
	pfn_t window_root;
	pte_t *window_entries; /* the window's page table, through the direct map */
	bool window_is_open;

	struct thread *idle;
	struct thread *leaver; /* sched.c: leaves in this switch, for another CPU or for good */
	uint64_t counters[NR_COUNTERS];
	struct tlb_owed owed;
	uint64_t newest_at_entry; /* of the kernel half's generations, when the call began */
};

extern struct cpu *cpus[NR_CPUS_MAX];
extern unsigned nr_cpus; /* online */

static inline struct cpu *this_cpu(void) { return percpu_self(); }

/* Once the sealed page is there: before the first process. */
static inline const struct current *current_here(void)
{
	return (const struct current *)PERCPU_SEALED_READ(offsetof(struct cpu_sealed, current));
}

/* The current system call leaves by way of upcall_user_return. This CPU only. */
static inline void cpu_leave_slowly(struct cpu *cpu)
{
	cpu->leave_syscall = (uint64_t)syscall_leave_slowly;
}

/* Has the current thread look around, and others run, on its way back to user mode. */
static inline void cpu_request_resched(void)
{
	struct cpu *cpu = this_cpu();

	cpu->need_resched = true;
	cpu_leave_slowly(cpu);
}

static inline void counter_add(enum counter counter, uint64_t nr)
{
	this_cpu()->counters[counter] += nr;
}
#define COUNT(name) PERCPU_ADD64(offsetof(struct cpu, counters[COUNTER_##name]), 1)
#define COUNT_N(name, nr) counter_add(COUNTER_##name, (nr))
