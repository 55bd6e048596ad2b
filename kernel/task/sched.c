/*
 * Blocking, waking and switching.
 *
 * The state of a thread is one atomic word, and whoever changes it from BLOCKED owns the thread:
 *
 *   NEW      -> READY            sched_start
 *   BLOCKED  -> READY            sched_wake, which then puts it on a queue
 *   BLOCKED  -> RUNNING          sched_claim, for sched_block_to
 *   RUNNING or WOKEN -> READY    sched_unclaim, of a claimed thread
 *   READY    -> RUNNING          whoever takes it off its queue
 *   RUNNING  -> WOKEN            sched_wake
 *   WOKEN    -> RUNNING          itself: sched_prepare
 *   RUNNING  -> BLOCKED          itself: sched_block; fails when it is WOKEN
 *   RUNNING or WOKEN -> READY, MOVING, DEAD    itself
 *   MOVING   -> READY            the CPU that it left
 */
#include "task/sched.h"

#include "arch/x86_64/clock.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/rflags.h"
#include "arch/x86_64/switch.h"
#include "arch/x86_64/upcall.h"
#include "lib/assert.h"
#include "mm/as.h"
#include "mm/tlb_debt.h"
#include "task/bands.h"
#include "task/budget.h"
#include "task/process.h"
#include "task/process_end.h"
#include "task/program_policy.h"
#include "task/run_queue.h"
#include "task/run_time.h"

static uint32_t state_of(const struct thread *thread)
{
	return __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);
}

/* Full barrier. On failure *from is the state found. */
static bool state_change(struct thread *thread, uint32_t *from, uint32_t to)
{
	return __atomic_compare_exchange_n(&thread->state, from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static bool has_used_slice(const struct thread *current)
{
	return slice_is_over(sched_run_time(current), current->slice_end, slice_ticks);
}

/* Returns when the thread that called it runs again, perhaps on another CPU. */
static void switch_to(struct thread *next)
{
	struct cpu *cpu = this_cpu();
	struct cpu_entry *entry = cpu->entry;
	struct thread *previous = cpu->current;
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
	if (next->process) {
		as_switch(next->process->as);
		program_bind(next->process);
		segments_clear();
		msr_write(MSR_FS_BASE, next->fs_base);
		ktlb_context_switch();
	} else {
		as_switch(NULL);
	}
	tlb_debt_assert_none();
	assert(rflags_are_clean());
	COUNT(context_switches);
	context_switch(&previous->saved_rsp, &next->saved_rsp);
	sched_after_switch();
}

/* A process ends with its last thread's stack, so that whoever waits for it finds all memory back.
 */
static void bury(struct thread *dead)
{
	struct process *process = dead->last_of;

	thread_destroy(dead);
	if (process) {
		process_ended(process);
	}
}

/* Of a thread that left for another CPU, or for good. */
static __attribute__((noinline)) void see_off(struct cpu *cpu)
{
	struct thread *leaver = cpu->leaver;

	cpu->leaver = NULL;
	if (state_of(leaver) == THREAD_DEAD) {
		bury(leaver);
	} else {
		__atomic_store_n(&leaver->state, THREAD_READY, __ATOMIC_RELEASE);
		run_queue_add(leaver);
	}
}

void sched_after_switch(void)
{
	struct cpu *cpu = this_cpu();

	budget_begin();
	if (UNLIKELY(cpu->leaver)) {
		see_off(cpu);
	}
}

/* A thread that comes from a queue: what changed while it waited there it must learn now. */
void sched_run(struct thread *next)
{
	struct cpu *cpu = this_cpu();

	if (thread_is_ending(next) || !cpu_set_has(&next->allowed, cpu->id)) {
		cpu_attend();
	}
	/* it may have been woken since it decided to wait */
	if (next != cpu->current) {
		switch_to(next);
	}
}

static void run_next(void)
{
	struct thread *next = run_queue_take();

	sched_run(next ? next : this_cpu()->idle);
}

/* Switches away from the current thread, which is MOVING or DEAD. */
static void leave(struct cpu *cpu, enum thread_state state)
{
	__atomic_store_n(&cpu->current->state, state, __ATOMIC_RELEASE);
	cpu->leaver = cpu->current;
	run_next();
}

/* True: the thread may not run here any more, and came back elsewhere, or here since it may again.
 */
static bool moved_away(struct cpu *cpu)
{
	cpu->need_resched = false;
	if (cpu_set_has(&cpu->current->allowed, cpu->id)) {
		return false;
	}
	leave(cpu, THREAD_MOVING);
	return true;
}

static void rotate(struct thread *current)
{
	struct thread *next = run_queue_rotate(current);

	if (next) {
		sched_run(next);
	} else {
		current->slice_end = sched_run_time(current) + slice_ticks;
	}
}

void sched_yield(void)
{
	struct cpu *cpu = this_cpu();

	if (!moved_away(cpu)) {
		rotate(cpu->current);
	}
}

void sched_prepare(void)
{
	/* a barrier: a wake that comes before it belongs to a change that the caller now sees */
	__atomic_exchange_n(&thread_current()->state, THREAD_RUNNING, __ATOMIC_SEQ_CST);
}

void sched_block(void)
{
	uint32_t running = THREAD_RUNNING;

	if (state_change(thread_current(), &running, THREAD_BLOCKED)) {
		run_next();
	}
}

void sched_unclaim(struct thread *claimed)
{
	__atomic_store_n(&claimed->state, THREAD_READY, __ATOMIC_RELEASE);
	run_queue_add(claimed);
}

/*
 * A thread that waits here is off every CPU: this one has finished the switch away from it. One
 * that waits elsewhere comes here, since this CPU is free at once.
 */
bool sched_claim(struct thread *thread)
{
	uint32_t blocked = THREAD_BLOCKED, self = this_cpu()->id;

	if (!state_change(thread, &blocked, THREAD_RUNNING)) {
		return false;
	}
	if (thread->cpu == self) {
		return true;
	}
	if (thread_is_off_cpu(thread) && cpu_set_has(&thread->allowed, self)) {
		/* before the look at whether it must end: sched_interrupt */
		__atomic_exchange_n(&thread->cpu, self, __ATOMIC_SEQ_CST);
		if (thread_is_ending(thread)) {
			cpu_attend();
		}
		return true;
	}
	sched_unclaim(thread);
	return false;
}

void sched_block_to(struct thread *claimed)
{
	uint32_t running = THREAD_RUNNING;

	if (state_change(thread_current(), &running, THREAD_BLOCKED)) {
		switch_to(claimed);
	} else {
		sched_unclaim(claimed);
	}
}

void sched_exit(void)
{
	leave(this_cpu(), THREAD_DEAD);
	__builtin_unreachable();
}

void sched_wake(struct thread *thread)
{
	uint32_t state;

	/* what the caller changed must be visible before the state is read */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	state = state_of(thread);
	for (;;) {
		if (state == THREAD_BLOCKED) {
			if (state_change(thread, &state, THREAD_READY)) {
				run_queue_add(thread);
				return;
			}
		} else if (state == THREAD_RUNNING) {
			if (state_change(thread, &state, THREAD_WOKEN)) {
				return;
			}
		} else {
			return;
		}
	}
}

void sched_interrupt(struct thread *thread)
{
	uint32_t state;

	if (thread == thread_current()) {
		cpu_attend();
		return;
	}
	sched_wake(thread);
	state = state_of(thread);
	if (state == THREAD_RUNNING || state == THREAD_WOKEN) {
		cpu_kick(__atomic_load_n(&thread->cpu, __ATOMIC_RELAXED));
	}
}

void sched_start(struct thread *thread)
{
	thread->cpu = this_cpu()->id;
	__atomic_store_n(&thread->state, THREAD_READY, __ATOMIC_RELEASE);
	run_queue_add(thread);
}

void sched_tick(void)
{
	struct cpu *cpu = this_cpu();

	if (cpu->current != cpu->idle && has_used_slice(cpu->current)) {
		cpu_attend();
	}
	run_queue_tick(cpu->current);
}

/* Out of line: most calls have nothing to attend to. A thread is interrupted for other reasons,
 * too, than that its slice is over: then it keeps what is left. */
static __attribute__((noinline)) void attend(void)
{
	do {
		struct cpu *cpu = this_cpu();

		if (thread_must_exit()) {
			thread_exit();
		}
		if (!moved_away(cpu) && has_used_slice(cpu->current)) {
			rotate(cpu->current);
		}
	} while (this_cpu()->need_resched || thread_must_exit());
}

void upcall_user_return(void)
{
	thread_current()->works_for_kernel = true;
	if (this_cpu()->need_resched) {
		attend();
	}
	thread_current()->works_for_kernel = false;
	this_cpu()->leave_syscall = this_cpu()->leave_syscall_fast;
}
