/*
 * The switch between threads, and the states that lead there. Inline, as an IPC call is little
 * more.
 *
 * The state of a thread is one atomic word, and whoever changes it from BLOCKED owns the thread:
 *
 *   NEW      -> READY            sched_start
 *   BLOCKED  -> READY            sched_wake, and futex.c, which then put it on a queue
 *   BLOCKED  -> RUNNING          sched_claim, for sched_block_to
 *   RUNNING or WOKEN -> READY    sched_unclaim, of a claimed thread
 *   READY    -> RUNNING          whoever takes it off its queue
 *   RUNNING  -> WOKEN            sched_wake
 *   WOKEN    -> RUNNING          itself: sched_prepare
 *   RUNNING  -> BLOCKED          itself: sched_block; fails when it is WOKEN
 *   RUNNING or WOKEN -> READY, MOVING, DEAD    itself
 *   MOVING   -> READY            the CPU that it left
 */
#pragma once

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/cpu/rflags.h"
#include "arch/x86_64/entry/switch.h"
#include "core/cpu.h"
#include "lib/assert.h"
#include "mm/tlb/tlb_debt.h"
#include "task/sched/budget.h"
#include "task/sched/run_time.h"
#include "task/sched/sched.h"

static inline uint32_t sched_state(const struct thread *thread)
{
	return __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);
}

/* Full barrier. On failure *from is the state found. */
static inline bool sched_change(struct thread *thread, uint32_t *from, uint32_t to)
{
	return __atomic_compare_exchange_n(&thread->state, from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* sched.c: of a thread that has waited on another CPU. This one is free at once, so it comes here;
 * false: it runs elsewhere. */
bool sched_claim_elsewhere(struct thread *claimed);

/* From the current thread. Returns when it runs again, perhaps on another CPU. */
static inline void sched_switch_to(struct thread *previous, struct thread *next)
{
	struct cpu *cpu = this_cpu();
	struct cpu_entry *entry = cpu->entry;
	uint64_t now = tsc_read();

	assert(cpu->nr_held == 0 && previous != next);
	budget_end();
	run_time_stop(previous, now);
	run_time_start(next, now);
	fpu_switch(previous->fpu, next->fpu);
	__atomic_store_n(&cpu->current, next, __ATOMIC_RELEASE);
	cpu->frame_who = next->frame_who;
	cpu->lowest_regs = next->lowest_regs;
	previous->user_rsp = entry->user_rsp;
	entry->user_rsp = next->user_rsp;
	segments_clear();
	msr_write(MSR_FS_BASE, next->fs_base);
	tlb_debt_assert_none();
	assert(rflags_are_clean());
	cpu->counters[COUNTER_context_switches]++;
	sched_after_switch(context_switch(&previous->saved_rsp, &next->saved_rsp,
					  next->stack_number, next->slot));
}

/*
 * Direct hand-over. sched_claim takes a thread whose wait is over, if it waits and may run on this
 * CPU, so that nobody else can run it; otherwise that thread is, or gets, ready by itself. A
 * claimed thread must be given to sched_block_to or sched_unclaim. The thread must stay alive until
 * it is claimed. One that waits here is off every CPU: this one has finished the switch away from
 * it.
 */
static inline bool sched_claim(struct thread *thread)
{
	uint32_t blocked = THREAD_BLOCKED;

	return sched_change(thread, &blocked, THREAD_RUNNING) &&
	       (LIKELY(thread->cpu == PERCPU_READ32(offsetof(struct cpu, id))) ||
		sched_claim_elsewhere(thread));
}

/* As sched_block, and the claimed thread runs at once. Its time slice is its own. */
static inline void sched_block_to(struct thread *current, struct thread *claimed)
{
	uint32_t running = THREAD_RUNNING;

	if (LIKELY(sched_change(current, &running, THREAD_BLOCKED))) {
		sched_switch_to(current, claimed);
	} else {
		sched_unclaim(claimed);
	}
}
