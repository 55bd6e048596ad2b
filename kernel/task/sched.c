/* Round robin over per-CPU run queues. */
#include "task/sched.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/upcall.h"
#include "core/lock.h"
#include "lib/assert.h"
#include "mm/as.h"
#include "task/process.h"

enum { SLICE_NS = 10 * 1000 * 1000 };

struct run_queue {
	struct lock lock;
	struct list ready;   /* guarded by lock */
	uint32_t nr_ready;   /* guarded by lock; sched_start guesses with it */
	struct thread *dead; /* only this CPU: left for good in the switch going on */
};

static struct run_queue run_queues[NR_CPUS_MAX];

static struct run_queue *this_queue(void) { return &run_queues[this_cpu()->id]; }

/* Caller holds queue->lock. */
static void queue_push(struct run_queue *queue, struct thread *thread)
{
	assert(lock_is_held(&queue->lock));
	thread->state = THREAD_READY;
	list_push_back(&queue->ready, &thread->run_node);
	queue->nr_ready++;
}

/* Caller holds queue->lock. The thread that runs next: the idle thread when no other is ready. */
static struct thread *queue_pop(struct run_queue *queue)
{
	struct list *node;
	struct thread *thread = this_cpu()->idle;

	assert(lock_is_held(&queue->lock));
	node = list_pop_front(&queue->ready);
	if (node) {
		queue->nr_ready--;
		thread = LIST_ENTRY(node, struct thread, run_node);
	}
	thread->state = THREAD_RUNNING;
	return thread;
}

static void leave(struct thread *thread, uint64_t now_ns)
{
	thread->cpu_ns += now_ns - thread->started_ns;
	if (thread->process) {
		fpu_save(thread->fpu);
	}
}

static void enter(struct thread *thread, uint64_t now_ns)
{
	thread->started_ns = now_ns;
	thread->slice_end_ns = now_ns + SLICE_NS;
	if (!thread->process) {
		as_switch(NULL);
		return;
	}
	as_switch(thread->process->as);
	segments_clear();
	msr_write(MSR_FS_BASE, thread->fs_base);
	fpu_load(thread->fpu);
}

/* Returns when the thread that called it runs again, perhaps on another CPU. */
static void switch_to(struct thread *next)
{
	struct cpu *cpu = this_cpu();
	struct thread *previous = cpu->current;
	uint64_t now_ns = clock_now_ns();

	assert(cpu->nr_held == 0 && previous != next);
	leave(previous, now_ns);
	cpu->current = next;
	cpu->stack_top = next->stack_top;
	enter(next, now_ns);
	ktlb_context_switch();
	COUNT(context_switches);
	context_switch(&previous->saved_rsp, next->saved_rsp);
	sched_after_switch();
}

__attribute__((noinline)) void sched_after_switch(void)
{
	struct run_queue *queue = this_queue();
	struct thread *dead = queue->dead;

	if (dead) {
		queue->dead = NULL;
		thread_destroy(dead);
	}
}

void sched_yield(void)
{
	struct cpu *cpu = this_cpu();
	struct run_queue *queue = this_queue();
	struct thread *current = cpu->current, *next;

	lock_acquire(&queue->lock);
	cpu->need_resched = false;
	if (list_is_empty(&queue->ready)) {
		lock_release(&queue->lock);
		current->slice_end_ns = clock_now_ns() + SLICE_NS;
		return;
	}
	if (current != cpu->idle) {
		queue_push(queue, current);
	}
	next = queue_pop(queue);
	lock_release(&queue->lock);
	switch_to(next);
}

void sched_prepare(void)
{
	struct run_queue *queue = this_queue();

	lock_acquire(&queue->lock);
	thread_current()->wakeup = false;
	lock_release(&queue->lock);
}

void sched_block(void)
{
	struct run_queue *queue = this_queue();
	struct thread *current = thread_current(), *next;

	lock_acquire(&queue->lock);
	if (current->wakeup) {
		lock_release(&queue->lock);
		return;
	}
	current->state = THREAD_BLOCKED;
	next = queue_pop(queue);
	lock_release(&queue->lock);
	switch_to(next);
}

void sched_exit(void)
{
	struct run_queue *queue = this_queue();
	struct thread *next;

	lock_acquire(&queue->lock);
	thread_current()->state = THREAD_DEAD;
	next = queue_pop(queue);
	lock_release(&queue->lock);
	queue->dead = thread_current();
	switch_to(next);
	__builtin_unreachable();
}

/*
 * Has an idle CPU look at its queue. It looks at the queue with interrupts off before it waits for
 * one, so either it sees the thread or the interrupt ends the wait.
 */
static void cpu_kick(struct cpu *cpu)
{
	if (cpu != this_cpu()) {
		apic_send_ipi(cpu->apic_id, VECTOR_RESCHEDULE);
	}
}

void sched_wake(struct thread *thread)
{
	struct run_queue *queue;
	bool is_idle = false;
	uint32_t id;

	/* the thread may be moved to another queue until the lock of its own is held */
	for (;;) {
		id = __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);
		queue = &run_queues[id];
		lock_acquire(&queue->lock);
		if (thread->cpu == id) {
			break;
		}
		lock_release(&queue->lock);
	}
	thread->wakeup = true;
	if (thread->state == THREAD_BLOCKED) {
		queue_push(queue, thread);
		is_idle = cpus[id]->current == cpus[id]->idle;
	}
	lock_release(&queue->lock);
	if (is_idle) {
		cpu_kick(cpus[id]);
	}
}

/* The CPU with the fewest threads waiting; the counts may change meanwhile, which harms nothing. */
static uint32_t choose_cpu(void)
{
	uint32_t best = this_cpu()->id;

	for (uint32_t id = 0; id < nr_cpus; id++) {
		if (run_queues[id].nr_ready < run_queues[best].nr_ready) {
			best = id;
		}
	}
	return best;
}

void sched_start(struct thread *thread)
{
	thread->cpu = choose_cpu();
	sched_wake(thread);
}

void sched_tick(void)
{
	struct cpu *cpu = this_cpu();

	if (cpu->current == cpu->idle || clock_now_ns() >= cpu->current->slice_end_ns) {
		cpu->need_resched = true;
	}
}

uint64_t sched_cpu_ns(void)
{
	const struct thread *thread = thread_current();

	return thread->cpu_ns + clock_now_ns() - thread->started_ns;
}

void upcall_user_return(struct regs *regs)
{
	struct thread *thread = thread_current();

	(void)regs;
	thread->in_syscall = false;
	while (UNLIKELY(thread_must_exit() || this_cpu()->need_resched)) {
		if (thread_must_exit()) {
			thread_exit();
		}
		sched_yield();
	}
}

static void idle_main(void *thread)
{
	(void)thread;
	sched_after_switch();
	for (;;) {
		sched_yield();
		/*
		 * a thread made ready by another CPU since comes with an interrupt, which ends the
		 * wait
		 */
		ktlb_leave(CPU_IDLE);
		cpu_idle_once();
		(void)ktlb_enter();
	}
}

status_t sched_init_cpu(struct cpu *cpu)
{
	struct run_queue *queue = &run_queues[cpu->id];
	status_t status = thread_create(NULL, idle_main, &cpu->idle);

	if (status) {
		return status;
	}
	cpu->idle->cpu = cpu->id;
	lock_init(&queue->lock, "run queue", RANK_run_queue);
	list_init(&queue->ready);
	return STATUS_OK;
}

void sched_enter(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t boot_rsp;

	cpu->current = cpu->idle;
	cpu->idle->state = THREAD_RUNNING;
	cpu->stack_top = cpu->idle->stack_top;
	cpu->idle->started_ns = clock_now_ns();
	context_switch(&boot_rsp, cpu->idle->saved_rsp);
	__builtin_unreachable();
}
