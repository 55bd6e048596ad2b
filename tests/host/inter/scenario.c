/* Boots the simulated machine for a scenario, and looks at what is left. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/frame/slab.h"
#include "task/ipc/futex.h"
#include "task/process/process_end.h"
#include "task/sched/call_pieces.h"
#include "task/sched/run_queue.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"
#include "tlb/coroutine.h"

struct process *processes[PROGRAMS_MAX];
struct thread *threads[PROGRAMS_MAX];
static struct process *init;
static const struct scenario *current;
static struct cpu cpu_data[SIM_CPUS_MAX];

static void must(status_t status)
{
	if (status) {
		abort();
	}
}

static void cpu_boot(void) { sched_enter(); }

static void cpu_init(unsigned id)
{
	struct cpu *cpu = &cpu_data[id];
	struct coroutine coroutine;

	static struct cpu_entry entries[SIM_CPUS_MAX];

	cpu->self = cpu;
	cpu->id = cpu->apic_id = id;
	cpu->entry = &entries[id];
	cpu->leave_syscall = cpu->leave_syscall_fast = 1;
	cpus[id] = cpu;
	host_cpu = cpu;
	nr_cpus = id + 1;
	must(sched_init_cpu(cpu));
	cpu->current = cpu->idle;
	timer_init_cpu(id);
	coroutine_init(&coroutine, malloc(COROUTINE_STACK_BYTES), cpu_boot);
	sim.cpus[id].rsp = coroutine.rsp;
	sim.cpus[id].stack = SIM_STACKS_MAX - 1;
}

static void kernel_init(void)
{
	process_init();
	futex_init();
	endpoints_init();
	call_pieces_init();
	must(process_alloc(&init));
	must(process_add(init, NULL));
}

static void thread_add(unsigned i)
{
	struct process **process = &processes[current->process[i]];
	bool is_first = !*process;

	if (is_first) {
		must(process_alloc(process));
		must(process_add(*process, current->is_family && i ? processes[0] : init));
		(*process)->as = kernel_as_new();
	}
	must(thread_create(*process, thread_start_user, &threads[i]));
	process_add_thread(*process, threads[i]);
	if (!is_first) {
		lock_acquire(&process_lock);
		process_set_tid(threads[i], pid_alloc());
		lock_release(&process_lock);
	}
	/* not new: it stays where it ran */
	threads[i]->run_time = 1;
	kernel_set_body(threads[i], current->programs[i]);
	if (current->is_pinned) {
		memset(&threads[i]->allowed, 0, sizeof(threads[i]->allowed));
		threads[i]->allowed.words[0] = 1ul << (i % current->nr_cpus);
	}
}

/* To user mode, or to the end of its work. */
static void cpu_settle(unsigned id)
{
	do {
		sim_resume(id, false);
	} while (sim.cpus[id].stand == STAND_KERNEL);
	while (sim.cpus[id].nr_stores) {
		sim_store_drain_one(id);
	}
}

void scenario_begin(const struct scenario *scenario)
{
	current = scenario;
	sim_init(scenario->nr_cpus);
	thread_init();
	for (unsigned id = 0; id < scenario->nr_cpus; id++) {
		cpu_init(id);
	}
	host_cpu = cpus[0];
	kernel_init();
	for (unsigned i = 0; i < PROGRAMS_MAX && scenario->programs[i]; i++) {
		thread_add(i);
	}
	if (scenario->setup) {
		scenario->setup(processes, threads);
	}
	for (unsigned i = 0; i < PROGRAMS_MAX && scenario->programs[i]; i++) {
		sim.current = i % scenario->nr_cpus;
		host_cpu = cpus[sim.current];
		sched_start(threads[i]);
	}
	sim_log->is_exploring = true;
	for (unsigned id = 0; id < scenario->nr_cpus; id++) {
		cpu_settle(id);
	}
	sim.nr_ticks = scenario->nr_ticks;
}

static void print_sleepers(char *text, size_t size_bytes)
{
	static const char *const states[] = { "NEW",   "BLOCKED", "READY", "RUNNING",
					      "WOKEN", "MOVING",  "DEAD" };
	size_t len = 0;

	for (unsigned i = 0; i < PROGRAMS_MAX && current->programs[i]; i++) {
		uint64_t object = ((uint64_t)threads[i] - (uint64_t)sim.memory) / SIM_OBJECT_BYTES;

		len += (size_t)snprintf(text + len, size_bytes - len, " %u %s", i,
					sim.objects[object].is_live ? states[threads[i]->state]
								    : "gone");
	}
}

void scenario_check_end(void)
{
	char text[100];
	unsigned nr_zombies = 0;

	if (kernel_nr_live("thread") != sim.nr_cpus) {
		print_sleepers(text, sizeof(text));
		sim_fail("a thread sleeps for ever:%s", text);
		return;
	}
	LIST_FOR_EACH (node, &init->children) {
		nr_zombies += LIST_ENTRY(node, struct process, sibling)->zombie;
	}
	if (kernel_nr_live("process") != nr_zombies + 1) {
		sim_fail("a process is left that is no child of the first one's");
	}
	if (kernel_nr_live("endpoint") || kernel_nr_live("address space")) {
		sim_fail("an endpoint or an address space is left");
	}
	if (current->check) {
		current->check();
	}
}
