/* Depth-first search over schedules with saved states. */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "state_table.h"

enum { TABLE_BITS = 21, DEPTH_MAX = 2000, EDGES_MAX = 1 << 23, CHOICES_PER_CPU = 5 };
#define NR_SLOTS (1u << TABLE_BITS)
#define STATES_MAX (NR_SLOTS / 4 * 3)

/* The program's variables lie between these two, which the linker provides. */
extern char __data_start[], _end[];

struct frame {
	uint32_t state;
	unsigned next_choice;
	const char *event; /* of the step that led here */
	uint64_t detail;
	unsigned cpu;
	unsigned char *snapshot;
};

/* On the heap, so that going back to a snapshot leaves it alone. */
struct explorer {
	uint64_t keys[NR_SLOTS];   /* hash of the state, 0: free */
	uint32_t states[NR_SLOTS]; /* its number */
	bool can_end[NR_SLOTS];
	uint32_t from[EDGES_MAX], to[EDGES_MAX];
	struct frame frames[DEPTH_MAX];
	unsigned depth;
	struct explored result;
	size_t snapshot_bytes;
	unsigned char *scratch; /* the present state, as saved last */
	size_t scratch_bytes;
	uint64_t present; /* number of the state that the machine is in */
};
static struct explorer *explorer;

/* Part of the state: the scenario, and the NMIs it has left. */
static const struct scenario *current;
static unsigned nr_nmis_left;

static size_t variables_bytes(void) { return (size_t)(_end - __data_start); }

void explore_init(void)
{
	sim_log_init();
	explorer = calloc(1, sizeof(*explorer));
	explorer->snapshot_bytes = variables_bytes() + SIM_CPUS_MAX * COROUTINE_STACK_BYTES;
	explorer->scratch = malloc(explorer->snapshot_bytes);
	for (unsigned i = 0; i < DEPTH_MAX; i++) {
		explorer->frames[i].snapshot = malloc(explorer->snapshot_bytes);
	}
}

/* --- states --- */

static size_t stack_used(unsigned id)
{
	const struct coroutine *coroutine = &sim.coroutines[id];

	return (size_t)(coroutine->stack + COROUTINE_STACK_BYTES - (unsigned char *)coroutine->rsp);
}

/* Returns its size. */
static size_t state_save(unsigned char *to)
{
	unsigned char *start = to;

	memcpy(to, __data_start, variables_bytes());
	to += variables_bytes();
	for (unsigned id = 0; id < sim.config.nr_cpus; id++) {
		memcpy(to, (void *)sim.coroutines[id].rsp, stack_used(id));
		to += stack_used(id);
	}
	return (size_t)(to - start);
}

static void state_restore(const unsigned char *from)
{
	memcpy(__data_start, from, variables_bytes());
	from += variables_bytes();
	for (unsigned id = 0; id < sim.config.nr_cpus; id++) {
		memcpy((void *)sim.coroutines[id].rsp, from, stack_used(id));
		from += stack_used(id);
	}
}

/* What says nothing about the future: who ran last. */
static void state_normalise(void)
{
	sim.current = 0;
	sim.scheduler_rsp = 0;
}

/* The number of the present state, which is in the scratch buffer then, and whether it is new. */
static uint32_t state_number(bool *is_new)
{
	struct state_table table = { explorer->keys, explorer->states, TABLE_BITS };
	uint32_t number;

	state_normalise();
	explorer->scratch_bytes = state_save(explorer->scratch);
	number = state_table_number(table, state_key(explorer->scratch, explorer->scratch_bytes),
				    (uint32_t)explorer->result.nr_states, is_new);
	explorer->result.nr_states += *is_new;
	return number;
}

/* --- steps --- */

static bool choice_take(unsigned choice)
{
	unsigned id = choice / CHOICES_PER_CPU;

	switch (choice % CHOICES_PER_CPU) {
	case 0:
		if (!sim_has_stores(id)) {
			return false;
		}
		sim_drain_one(id);
		sim_log->event = "'s oldest store becomes visible";
		sim_log->detail = 0;
		return true;
	case 1:
		if (!sim_can(id, WAKE_STEP)) {
			return false;
		}
		sim_resume(id, WAKE_STEP);
		return true;
	case 2:
		if (!sim_can(id, WAKE_INTERRUPT)) {
			return false;
		}
		sim_resume(id, WAKE_INTERRUPT);
		return true;
	case 3:
		if (!sim_can(id, WAKE_OLD)) {
			return false;
		}
		sim_resume(id, WAKE_OLD);
		return true;
	default:
		if (!nr_nmis_left || !sim_can(id, WAKE_NMI)) {
			return false;
		}
		nr_nmis_left--;
		sim_resume(id, WAKE_NMI);
		return true;
	}
}

/* All programs are through, and nothing is on its way. */
static bool is_end(void)
{
	for (unsigned id = 0; id < sim.config.nr_cpus; id++) {
		if (!sim_is_through(id) || sim_has_stores(id) || sim_can(id, WAKE_INTERRUPT)) {
			return false;
		}
	}
	return true;
}

static void problem_set(const char *problem)
{
	if (!explorer->result.problem) {
		explorer->result.problem = problem;
	}
}

/* Enters the present state, which is in the scratch buffer. */
static void push(uint32_t state, unsigned cpu)
{
	struct frame *frame = &explorer->frames[explorer->depth];

	if (explorer->depth == DEPTH_MAX - 1 || explorer->result.nr_states > STATES_MAX ||
	    explorer->result.nr_edges >= EDGES_MAX - CHOICES_PER_CPU * SIM_CPUS_MAX) {
		problem_set("the scenario is too large");
		return;
	}
	frame->state = state;
	frame->next_choice = 0;
	frame->event = sim_log->event;
	frame->detail = sim_log->detail;
	frame->cpu = cpu;
	memcpy(frame->snapshot, explorer->scratch, explorer->scratch_bytes);
	explorer->depth++;
	if (is_end()) {
		explorer->can_end[state] = true;
		explorer->result.nr_ends++;
		if (current->at_end) {
			current->at_end();
			explorer->present = UINT64_MAX;
		}
	}
}

static void choice_explore(struct frame *frame, unsigned choice)
{
	uint32_t state;
	bool is_new;

	if (explorer->present != frame->state) {
		state_restore(frame->snapshot);
		explorer->present = frame->state;
	}
	if (!choice_take(choice)) {
		return;
	}
	explorer->present = UINT64_MAX;
	if (sim_log->failure) {
		push(frame->state, choice / CHOICES_PER_CPU);
		problem_set(sim_log->failure);
		return;
	}
	state = state_number(&is_new);
	explorer->from[explorer->result.nr_edges] = frame->state;
	explorer->to[explorer->result.nr_edges++] = state;
	if (is_new) {
		explorer->present = state;
		push(state, choice / CHOICES_PER_CPU);
	}
}

/* From every state some schedule must lead to an end: else a wait is for ever. */
static void check_ends(void)
{
	const struct explored *result = &explorer->result;
	bool changed = true;

	while (changed) {
		changed = false;
		for (uint64_t i = result->nr_edges; i > 0; i--) {
			if (explorer->can_end[explorer->to[i - 1]] &&
			    !explorer->can_end[explorer->from[i - 1]]) {
				explorer->can_end[explorer->from[i - 1]] = true;
				changed = true;
			}
		}
	}
	for (uint64_t state = 0; state < result->nr_states; state++) {
		if (!explorer->can_end[state]) {
			problem_set("a wait does not end");
		}
	}
}

/* --- scenarios --- */

unsigned scenario_nr_cpus(const struct scenario *scenario)
{
	unsigned nr = 0;

	while (nr < SIM_CPUS_MAX && scenario->programs[nr]) {
		nr++;
	}
	return nr;
}

static void scenario_body(void)
{
	user_step();
	current->programs[sim.current]();
	sim_self()->is_finished = true;
	for (;;) {
		sim_step("is through", 0);
	}
}

/* CPUs come up one after another; the last one within the exploration, if the scenario says so. */
static void boot_all(void)
{
	for (unsigned id = 0; id < sim.config.nr_cpus - current->from_reset; id++) {
		while (!sim.cpus[id].interruptible || sim_has_stores(id)) {
			if (sim_has_stores(id)) {
				sim_drain_one(id);
			} else {
				sim_resume(id, WAKE_STEP);
			}
		}
	}
}

struct explored explore(const struct scenario *scenario, const struct sim_config *config)
{
	bool is_new;

	memset(explorer->keys, 0, sizeof(explorer->keys));
	memset(explorer->can_end, 0, sizeof(explorer->can_end));
	explorer->result = (struct explored){ 0 };
	explorer->depth = 0;
	explorer->present = UINT64_MAX;
	sim_log->failure = NULL;
	current = scenario;
	nr_nmis_left = scenario->nr_nmis;
	kernel_boot(config, scenario_body);
	if (scenario->prepare) {
		scenario->prepare();
	}
	boot_all();
	push(state_number(&is_new), 0);
	while (explorer->depth && !explorer->result.problem) {
		struct frame *frame = &explorer->frames[explorer->depth - 1];

		if (frame->next_choice == CHOICES_PER_CPU * config->nr_cpus) {
			explorer->depth--;
		} else {
			choice_explore(frame, frame->next_choice++);
		}
	}
	if (!explorer->result.problem) {
		check_ends();
	}
	return explorer->result;
}

bool explore_trace(unsigned index, char *line, size_t size_bytes)
{
	const struct frame *frame = &explorer->frames[index];
	char text[128];

	if (index >= explorer->depth) {
		return false;
	}
	sim_describe(frame->event, frame->detail, text, sizeof(text));
	snprintf(line, size_bytes, "CPU %u %s", frame->cpu, text);
	return true;
}
