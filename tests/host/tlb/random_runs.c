/* The random scheduler, and programs that do random things. */
#include "random_runs.h"

#include <stdio.h>
#include <string.h>

#include "../random.h"
#include "kernel.h"
#include "mm/tlb/tlb_hw.h"

enum { RUN_STEPS_MIN = 2000, RUN_STEPS_SPREAD = 16000, FREEZE_STEPS = 400, STUCK_STEPS = 6000 };
enum { TRACE_MAX = 64 };

struct trace_step {
	uint64_t step, detail;
	unsigned cpu;
	const char *event;
};
static struct trace_step trace[TRACE_MAX];
static uint64_t nr_traced;

/* Step at which a CPU began what it does in the kernel; 0: nothing. */
static uint64_t busy_since[SIM_CPUS_MAX];

/* --- programs --- */

/*
 * With the gate: somebody stores at a word of ordinary memory that says how far a CPU has flushed,
 * or where it is, or how far generations are, or in which slot an address space's translations are.
 * Nobody may come to use a stale translation by that, or wait for ever.
 */
static void lie(void)
{
	struct sim_cpu *victim = &sim.cpus[random_below(sim.config.nr_cpus)];
	uint64_t newest = sim.gate_newest.value;
	uint64_t values[] = { 0, newest - 1, newest, newest + 1, newest + 1000, UINT64_MAX };
	uint64_t value = values[random_below(ARRAY_SIZE(values))];

	sim_step("lies", value);
	switch (random_below(5)) {
	case 0: tlb_hw_write(&victim->tlb.seen, value); break;
	case 1: tlb_hw_write(&victim->mode, random_below(CPU_KERNEL + 1)); break;
	case 2: kernel_leaves_out_wait = true; break;
	case 3: sim.told_slot = 1 + (unsigned)random_below(2 * NR_ASIDS); break;
	default: tlb_hw_write(&ktlb_newest, value);
	}
}

/*
 * What a CPU may do in the kernel; each address space but the CPU's own is at times somebody
 * else's.
 */
static void work(void)
{
	unsigned space = (unsigned)random_below(SIM_SPACES),
		 page = (unsigned)random_below(SIM_USER_PAGES);
	unsigned frame = (unsigned)random_below(SIM_KERNEL_PAGES);

	/* most often memory of the address spaces that CPUs start in: they meet there */
	space = random_below(2) ? space % 2 : space;
	if (sim.config.gated && random_below(16) == 0) {
		lie();
	}
	switch (random_below(sim.config.large ? 21 : 19)) {
	case 0: frame_hide(frame); break;
	case 1: frame_give_if_complete(frame); break;
	case 2: frame_give_waiting(frame); break;
	case 3: frame_give_sync(frame); break;
	case 4: frame_reveal(frame); break;
	case 5: frame_seal(frame); break;
	case 6: page_downgrade(space, page, PAGE_UNMAP); break;
	case 7: page_downgrade(space, page, PAGE_PROTECT); break;
	case 8: page_downgrade(space, page, PAGE_UNMAP_ALL); break;
	case 9: page_map(space, page); break;
	case 10:
	case 11: kernel_run((int)space); break;
	case 12: kernel_recycle(space); break;
	case 13: kernel_window(); break;
	case 14:
		if (random_below(2)) {
			kernel_run(SIM_NOBODY);
		}
		kernel_idle();
		break;
	case 15: kernel_use_memory(); break;
	case 16: page_downgrade(space, page, PAGE_REPLACE); break;
	case 17: table_drop(space, page); break;
	case 18:
		if (sim.config.large) {
			frame_give_owed(frame);
		} else {
			frame_table_drop(frame / SIM_PARTS);
		}
		break;
	case 19: frame_give_local(frame); break;
	case 20: frame_give_deferred(frame); break;
	}
}

/*
 * Mostly short; now and then it stays in user mode until somebody interrupts it, or for very long.
 */
static void user_program(void)
{
	uint64_t nr_interrupts = sim_log->nr_interrupts[sim.current];

	user_step();
	if (random_below(512) == 0) {
		for (unsigned i = 0;
		     i < 2 * STUCK_STEPS && sim_log->nr_interrupts[sim.current] == nr_interrupts;
		     i++) {
			user_step();
		}
	}
}

static void program(void)
{
	struct sim_cpu *cpu = sim_self();

	for (;;) {
		user_program();
		kernel_enter();
		do {
			busy_since[sim.current] = sim_log->nr_steps;
			work();
			busy_since[sim.current] = 0;
		} while (cpu->running == SIM_NOBODY || random_below(3) == 0);
		kernel_exit();
	}
}

/* --- the scheduler --- */

static void trace_add(unsigned cpu, const char *event, uint64_t detail)
{
	trace[nr_traced++ % TRACE_MAX] =
		(struct trace_step){ sim_log->nr_steps, detail, cpu, event };
}

/*
 * Mostly the same CPU again, so that one gets far while another stands still in the middle of
 * something.
 */
static unsigned cpu_choose(unsigned last, const uint64_t *frozen_until)
{
	for (unsigned tries = 0; tries < 8; tries++) {
		unsigned id = random_below(4) ? last : (unsigned)random_below(sim.config.nr_cpus);

		if (frozen_until[id] <= sim_log->nr_steps && sim_can(id, WAKE_STEP)) {
			return id;
		}
		last = (unsigned)random_below(sim.config.nr_cpus);
	}
	return sim_can(last, WAKE_STEP) ? last : 0;
}

static void schedule_one(unsigned id)
{
	if (sim_has_stores(id) && random_below(3) == 0) {
		sim_drain_one(id);
		trace_add(id, "'s oldest store becomes visible", 0);
		return;
	}
	if (sim_can(id, WAKE_INTERRUPT) && random_below(4) == 0) {
		sim_resume(id, WAKE_INTERRUPT);
	} else if (sim_can(id, WAKE_NMI) && random_below(64) == 0) {
		sim_resume(id, WAKE_NMI);
	} else {
		sim_resume(id, WAKE_STEP);
	}
	trace_add(id, sim_log->event, sim_log->detail);
}

static bool is_stuck(unsigned id)
{
	return busy_since[id] && sim_log->nr_steps - busy_since[id] > STUCK_STEPS;
}

static struct sim_config config_choose(void)
{
	return (struct sim_config){
		.nr_cpus = 2 + (unsigned)random_below(SIM_CPUS_MAX - 1),
		.kaiser = random_below(2),
		.pcid = random_below(4),
		.invpcid = random_below(2),
		.gated = random_below(2),
		.large = random_below(2),
		.step_at_stores = random_below(2),
	};
}

const char *random_run(uint64_t seed)
{
	uint64_t frozen_until[SIM_CPUS_MAX] = { 0 }, end;
	struct sim_config config;
	unsigned id = 0;

	random_state = seed * 0x9e3779b97f4a7c15;
	(void)random_next();
	config = config_choose();
	kernel_boot(&config, program);
	sim_log->failure = NULL;
	nr_traced = 0;
	memset(busy_since, 0, sizeof(busy_since));
	end = sim_log->nr_steps + RUN_STEPS_MIN + random_below(RUN_STEPS_SPREAD);
	while (sim_log->nr_steps < end || sim_log->failure) {
		if (sim_log->failure) {
			return sim_log->failure;
		}
		sim_log->nr_steps++;
		id = cpu_choose(id, frozen_until);
		schedule_one(id);
		if (random_below(256) == 0) {
			frozen_until[id] = sim_log->nr_steps + random_below(FREEZE_STEPS);
		}
		if (is_stuck(id)) {
			sim_fail("a wait does not end");
		}
	}
	return NULL;
}

/* --- reports --- */

bool random_runs_trace(unsigned index, char *line, size_t size_bytes)
{
	uint64_t nr = MIN(nr_traced, (uint64_t)TRACE_MAX);
	const struct trace_step *step = &trace[(nr_traced - nr + index) % TRACE_MAX];
	char text[128];

	if (index >= nr) {
		return false;
	}
	sim_describe(step->event, step->detail, text, sizeof(text));
	snprintf(line, size_bytes, "%8lu  CPU %u %s", (unsigned long)step->step, step->cpu, text);
	return true;
}
