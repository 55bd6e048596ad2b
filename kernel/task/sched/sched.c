/* Blocking, waking and slices. */
#include "task/sched/sched.h"

#include "arch/x86_64/entry/upcall.h"
#include "lib/assert.h"
#include "mm/as/as.h"
#include "mm/frame/kspace.h"
#include "mm/tlb/ktlb.h"
#include "task/authority/program_policy.h"
#include "task/process/process.h"
#include "task/process/process_end.h"
#include "task/sched/bands.h"
#include "task/sched/run_queue.h"
#include "task/sched/run_time.h"
#include "task/sched/sched_switch.h"

static bool has_used_slice(const struct thread *current)
{
	return slice_is_over(sched_run_time(current), current->slice_end, slice_ticks);
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

/* Of the thread that left for another CPU, or for good. */
static void see_off(struct cpu *cpu)
{
	struct thread *leaver = cpu->leaver;

	cpu->leaver = NULL;
	if (sched_state(leaver) == THREAD_DEAD) {
		bury(leaver);
	} else {
		__atomic_store_n(&leaver->state, THREAD_READY, __ATOMIC_RELEASE);
		run_queue_add(leaver);
	}
}

void sched_finish_switch(uint64_t did)
{
	struct cpu *cpu = this_cpu();
	struct thread *self = cpu->current;

	tlb_switched((unsigned)did);
	if (did & SWITCH_FLUSHED) {
		self->slot = tlb_slot();
	}
	if (self->process) {
		ktlb_context_switch();
		if (did & SWITCH_BINDS) {
			program_bind(self->process);
		}
	}
	budget_begin();
	if (cpu->leaver) {
		see_off(cpu);
	}
}

void upcall_thread_begins(unsigned did) { sched_after_switch(did); }

/* A thread that comes from a queue: what changed while it waited there it must learn now. */
void sched_run(struct thread *next)
{
	struct cpu *cpu = this_cpu();

	if (thread_is_ending(next) || !cpu_set_has(&next->allowed, cpu->id)) {
		cpu_request_resched();
	}
	/* it may have been woken since it decided to wait */
	if (next != cpu->current) {
		sched_switch_to(cpu->current, next);
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

	if (sched_change(thread_current(), &running, THREAD_BLOCKED)) {
		run_next();
	}
}

void sched_unclaim(struct thread *claimed)
{
	__atomic_store_n(&claimed->state, THREAD_READY, __ATOMIC_RELEASE);
	run_queue_add(claimed);
}

bool sched_claim_elsewhere(struct thread *thread)
{
	uint32_t self = this_cpu()->id;

	if (thread_is_off_cpu(thread) && cpu_set_has(&thread->allowed, self)) {
		/* before the look at whether it must end: sched_interrupt */
		__atomic_exchange_n(&thread->cpu, self, __ATOMIC_SEQ_CST);
		if (thread_is_ending(thread)) {
			cpu_request_resched();
		}
		return true;
	}
	sched_unclaim(thread);
	return false;
}

void sched_exit(void)
{
	leave(this_cpu(), THREAD_DEAD);
	__builtin_unreachable();
}

void sched_wake(struct thread *thread)
{
	uint32_t state = THREAD_BLOCKED;

	/* a barrier, whether it succeeds or not: what the caller changed must be visible before the
	 * state is read */
	while (!sched_change(thread, &state,
			     state == THREAD_BLOCKED ? THREAD_READY : THREAD_WOKEN)) {
		if (state != THREAD_BLOCKED && state != THREAD_RUNNING) {
			return;
		}
	}
	if (state == THREAD_BLOCKED) {
		run_queue_add(thread);
	}
}

void sched_interrupt(struct thread *thread)
{
	uint32_t state;

	if (thread == thread_current()) {
		cpu_request_resched();
		return;
	}
	sched_wake(thread);
	state = sched_state(thread);
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
		cpu_request_resched();
	}
	if (cpu->current->process) {
		/* it may have come from another CPU, where it had another */
		cpu->current->slot = tlb_slot();
	}
	run_queue_tick(cpu->current);
}

/* What is done last for a thread that goes on in user mode. */
static inline void go_on_in_user(struct cpu *cpu)
{
	cpu->current->works_for_kernel = false;
	cpu->leave_syscall = cpu->leave_syscall_fast;
}

/* Out of line: most calls have nothing to attend to. A thread is interrupted for other reasons,
 * too, than that its slice is over: then it keeps what is left. */
static __attribute__((noinline)) void attend(void)
{
	thread_current()->works_for_kernel = true;
	do {
		struct cpu *cpu = this_cpu();

		if (thread_must_exit()) {
			thread_exit();
		}
		if (!moved_away(cpu) && has_used_slice(cpu->current)) {
			rotate(cpu->current);
		}
	} while (this_cpu()->need_resched || thread_must_exit());
	go_on_in_user(this_cpu());
}

void upcall_user_return(void)
{
	struct cpu *cpu = this_cpu();

	if (UNLIKELY(cpu->need_resched)) {
		attend();
	} else {
		go_on_in_user(cpu);
	}
}
