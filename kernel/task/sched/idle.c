/* What a CPU does when there is nothing to do: looks for work elsewhere, then sleeps. */
#include "arch/x86_64/cpu/registers.h"
#include "mm/frame/kspace.h"
#include "mm/gate/current/switch.h"
#include "mm/tlb/ktlb.h"
#include "task/sched/budget.h"
#include "task/sched/irq.h"
#include "task/sched/run_queue.h"
#include "task/sched/run_time.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"

/* The next thread to run here, from anywhere. */
static struct thread *find_work(void)
{
	struct thread *thread = run_queue_take();

	return thread ? thread : run_queue_steal();
}

/*
 * Interrupts are off until the CPU waits, so one that announces a thread made ready after the look
 * at the queue ends the wait. No tick is needed but for the timers: whoever has work for this CPU
 * interrupts it.
 */
static void sleep(void)
{
	run_queue_idle_begin();
	if (run_queue_is_empty()) {
		irq_stop_ticks(timer_next_ns());
		budget_end();
		ktlb_leave(CPU_IDLE);
		cpu_idle_once();
		(void)ktlb_enter();
		budget_begin();
	}
	run_queue_idle_end();
}

static void idle_main(void *thread)
{
	(void)thread;
	for (;;) {
		struct thread *next = find_work();

		this_cpu()->need_resched = false;
		if (next) {
			irq_start_ticks();
			sched_run(next);
		} else {
			sleep();
		}
	}
}

status_t sched_init_cpu(struct cpu *cpu)
{
	status_t status = thread_create(NULL, idle_main, &cpu->idle);

	if (status) {
		return status;
	}
	switch_begin_cpu(cpu->id, cpu->idle->stack_number);
	cpu->idle->cpu = cpu->id;
	run_queue_init(cpu->id);
	return STATUS_OK;
}

void sched_enter(void)
{
	struct cpu *cpu = this_cpu();

	cpu->current = cpu->idle;
	cpu->idle->state = THREAD_RUNNING;
	cpu->lowest_regs = cpu->idle->lowest_regs;
	cpu->idle->saved_rsp = 0;
	run_time_start(cpu->idle, tsc_read());
	context_restart(cpu->idle->stack_top - sizeof(struct regs), idle_main, cpu->idle);
}
