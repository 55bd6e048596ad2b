/* CPUs, stacks, store buffers and the clock. */
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "mm/frame/kspace.h"
#include "task/sched/thread.h"
#include "tlb/coroutine.h"

#define NO_HOOKS __attribute__((no_sanitize_thread))

struct sim sim;
struct sim_log *sim_log;
struct cpu *host_cpu;

void sim_init(unsigned nr_cpus)
{
	if (!sim_log) {
		sim_log = aligned_alloc(64, (sizeof(*sim_log) + 63) / 64 * 64);
		kspace_base = (uint64_t)sim_log->stacks;
	}
	memset(sim_log, 0, sizeof(*sim_log));
	memset(&sim, 0, sizeof(sim));
	sim.nr_cpus = nr_cpus;
	for (unsigned id = 0; id < nr_cpus; id++) {
		sim.cpus[id].once_ns = UINT64_MAX;
	}
}

NO_HOOKS struct sim_object *sim_object_at(const void *at, size_t *offset)
{
	uint64_t place = (uint64_t)at - (uint64_t)sim.memory;

	if (place >= sizeof(sim.memory)) {
		return NULL;
	}
	*offset = place % SIM_OBJECT_BYTES;
	return &sim.objects[place / SIM_OBJECT_BYTES];
}

unsigned sim_stack_of(uint64_t address)
{
	return (unsigned)((address - (uint64_t)sim_log->stacks) / SIM_STACK_BYTES);
}

NO_HOOKS void sim_note_write(const void *at, size_t size_bytes)
{
	uint64_t first = (uint64_t)at - (uint64_t)__data_start, last = first + size_bytes - 1;

	for (uint64_t line = first / SIM_LINE_BYTES;
	     line <= last / SIM_LINE_BYTES && line < SIM_LINES_MAX; line++) {
		if (!sim_log->is_dirty[line]) {
			sim_log->is_dirty[line] = true;
			sim_log->dirty[sim_log->nr_dirty++] = (uint32_t)line;
		}
	}
}

NO_HOOKS void sim_step(const char *event, const void *at, const void *code)
{
	struct sim_cpu *cpu = &sim.cpus[sim.current];

	if (!sim_log->is_exploring) {
		return;
	}
	sim_log->event = event;
	sim_log->event_at = at;
	sim_log->event_code = code;
	sim_log->has_published = false;
	coroutine_switch(&cpu->rsp, sim.scheduler_rsp);
}

void sim_fail(const char *format, ...)
{
	va_list arguments;
	uint64_t dropped;

	va_start(arguments, format);
	if (!sim_log->failure[0]) {
		vsnprintf(sim_log->failure, sizeof(sim_log->failure), format, arguments);
	}
	va_end(arguments);
	if (sim.scheduler_rsp) {
		coroutine_switch(&dropped, sim.scheduler_rsp);
	}
}

bool sim_has_interrupt(unsigned id) { return sim.cpus[id].reschedule || sim.cpus[id].timer; }

NO_HOOKS void sim_resume(unsigned id, bool takes_interrupt)
{
	sim.current = id;
	host_cpu = cpus[id];
	sim_log->takes_interrupt = takes_interrupt;
	/* what calls before left there would tell equal states apart, once it is part of a frame */
	memset((void *)(sim.cpus[id].rsp - SIM_SCRUBBED_BYTES), 0, SIM_SCRUBBED_BYTES);
	coroutine_switch(&sim.scheduler_rsp, sim.cpus[id].rsp);
	sim.scheduler_rsp = 0;
	sim_log->has_published = false;
	sim.stacks[sim.cpus[id].stack].rsp = sim.cpus[id].rsp;
}

NO_HOOKS void sim_store_apply(const struct sim_store *store)
{
	sim_check_state(store);
	sim_note_write(store->at, store->size_bytes);
	memcpy(store->at, &store->value, store->size_bytes);
}

NO_HOOKS void sim_store_drain_one(unsigned id)
{
	struct sim_cpu *cpu = &sim.cpus[id];
	struct sim_store store = cpu->stores[0];

	cpu->nr_stores--;
	memmove(cpu->stores, cpu->stores + 1, cpu->nr_stores * sizeof(store));
	memset(&cpu->stores[cpu->nr_stores], 0, sizeof(store));
	sim_store_apply(&store);
}

NO_HOOKS void sim_stores_drain(void)
{
	while (sim.cpus[sim.current].nr_stores) {
		sim_store_drain_one(sim.current);
	}
}

/* Time goes on far enough for every timer. */
void sim_clock_tick(void)
{
	sim.nr_ticks--;
	sim.clock_ns += 1000;
	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		struct sim_cpu *cpu = &sim.cpus[id];

		if (cpu->ticks || cpu->once_ns <= sim.clock_ns) {
			cpu->timer = true;
			cpu->once_ns = UINT64_MAX;
		}
	}
}
