/* CPUs that take turns, and their store buffers. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include "lib/assert.h"
#include "parts.h"

struct sim sim;
struct sim_log *sim_log;

struct sim_cpu *sim_self(void) { return &sim.cpus[sim.current]; }

void sim_fail(const char *why)
{
	if (!sim_log->failure) {
		sim_log->failure = why;
	}
}

/* Kernel code's own assertions: the CPU stops for good. */
void assert_failed(const char *condition, const char *file, int line, const char *function)
{
	(void)file, (void)line, (void)function;
	sim_fail(condition);
	for (;;) {
		sim_step("failed an assertion", 0);
	}
}

static bool is_pte(const tlb_word_t *word)
{
	return word >= sim.kernel_pte && word < sim.user_upper + SIM_SPACES;
}

void sim_memory_write(tlb_word_t *word, uint64_t value)
{
	word->value = value;
	sim_user_pte_write(word, value);
	sim_kernel_pde_write(word, value);
	if (is_pte(word) || word == &sim.nr_online) {
		for (unsigned id = 0; id < sim.config.nr_cpus; id++) {
			sim_fill(&sim.cpus[id]);
		}
	}
}

bool sim_has_stores(unsigned id) { return sim.cpus[id].nr_stores; }

void sim_drain_one(unsigned id)
{
	struct sim_cpu *cpu = &sim.cpus[id];
	struct sim_store store = cpu->stores[0];

	cpu->nr_stores--;
	memmove(cpu->stores, cpu->stores + 1, cpu->nr_stores * sizeof(store));
	cpu->stores[cpu->nr_stores] = (struct sim_store){ 0 };
	sim_memory_write(store.word, store.value);
}

void sim_barrier(void)
{
	while (sim_has_stores(sim.current)) {
		sim_drain_one(sim.current);
	}
}

void sim_log_init(void)
{
	sim_log = aligned_alloc(16, sizeof(*sim_log));
	memset(sim_log, 0, sizeof(*sim_log));
}

void sim_init(const struct sim_config *config)
{
	memset(&sim, 0, sizeof(sim));
	sim.config = *config;
	pcid_is_on = false;
	for (unsigned id = 0; id < SIM_CPUS_MAX; id++) {
		sim.cpus[id].running = SIM_NOBODY;
		sim.cpus[id].cr3 = sim_boot_root().pa;
		sim.cpus[id].current.root = pa_to_pfn(sim_boot_root()).pfn;
		sim.cpus[id].current.kernel_cr3.value = sim_boot_root().pa;
		sim.cpus[id].current.exit_cr3.value = sim_boot_root().pa;
	}
}

void sim_start(unsigned id, void (*body)(void))
{
	coroutine_init(&sim.coroutines[id], sim_log->stacks[id], body);
}

bool sim_is_through(unsigned id) { return sim.cpus[id].is_finished && sim.cpus[id].interruptible; }

bool sim_can(unsigned id, enum sim_wake wake)
{
	const struct sim_cpu *cpu = &sim.cpus[id];

	switch (wake) {
	case WAKE_STEP: return !sim_is_through(id) && (id == 0 || sim.cpus[id - 1].is_online);
	case WAKE_INTERRUPT: return cpu->interruptible && cpu->ipi_pending;
	case WAKE_NMI: return cpu->is_online && !cpu->in_nmi;
	case WAKE_OLD: return cpu->is_accessing;
	}
	return false;
}

void sim_resume(unsigned id, enum sim_wake wake)
{
	sim.current = id;
	sim_log->wake = wake;
	coroutine_switch(&sim.scheduler_rsp, sim.coroutines[id].rsp);
}

uint16_t sim_access(unsigned page)
{
	sim_self()->is_accessing = true;
	sim_step("accesses page", page);
	sim_self()->is_accessing = false;
	return sim_user_version(page, sim_log->wake == WAKE_OLD);
}

void sim_step(const char *event, uint64_t detail)
{
	unsigned id = sim.current;

	for (;;) {
		coroutine_switch(&sim.coroutines[id].rsp, sim.scheduler_rsp);
		if (sim_log->wake == WAKE_STEP || sim_log->wake == WAKE_OLD) {
			break;
		}
		sim_log->event = sim_log->wake == WAKE_NMI ? "NMI" : "interrupt";
		if (sim_log->wake == WAKE_NMI) {
			sim_on_nmi();
		} else {
			sim_on_interrupt();
		}
	}
	sim_log->event = event;
	sim_log->detail = detail;
}
