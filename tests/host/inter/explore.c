/* The search. */
#include "explore.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "scenario.h"
#include "state.h"
#include "state_table.h"
#include "still.h"

/* Bits of the table's index. A small table stays in the cache. */
enum { TABLE_SHORT = 20, TABLE_LONG = 24 };
enum { DEPTH_MAX = 6000, HEAP_STEP_BYTES = 8 << 20 };
#define STATES_MAX (1u << TABLE_LONG)
#define EDGES_MAX (STATES_MAX * 4ul)

/* What may happen next: a CPU goes on, takes an interrupt, or a store of it becomes visible; or the
 * clock goes on. */
enum { CHOICE_STEP, CHOICE_INTERRUPT, CHOICE_DRAIN, CHOICES_PER_CPU };

struct frame {
	uint32_t state;
	unsigned next_choice, choice;
	const char *event;
	const void *event_at, *event_code;
	struct saved saved;
};

/* On the heap, so that going back to a state leaves it alone. */
struct explorer {
	unsigned table_bits;
	uint64_t *keys;
	uint32_t *numbers;
	bool can_end[STATES_MAX];
	uint32_t *from, *to;
	struct frame frames[DEPTH_MAX];
	unsigned depth;
	struct explored result;
	char problem[200];
	const struct saved *scratch; /* the present state, as saved last */
	uint32_t goal;               /* where the search ends; UINT32_MAX: nowhere */
	uint64_t present;            /* key of the state that the machine is in */
};
static struct explorer *explorer;

/* The number of the present state, which is in the scratch buffer then. */
NO_HOOKS static uint32_t state_number(bool *is_new)
{
	struct state_table table = { explorer->keys, explorer->numbers, explorer->table_bits };
	uint32_t number;

	explorer->scratch = state_save();
	number = state_table_number(
		table, state_key(explorer->scratch->bytes, explorer->scratch->size_bytes),
		(uint32_t)explorer->result.nr_states, is_new);
	explorer->result.nr_states += *is_new;
	return number;
}

/* --- steps --- */

NO_HOOKS static bool choice_take(unsigned choice)
{
	unsigned id = choice / CHOICES_PER_CPU;
	const struct sim_cpu *cpu = &sim.cpus[id];

	if (id == sim.nr_cpus) {
		if (choice % CHOICES_PER_CPU || !sim.nr_ticks) {
			return false;
		}
		sim_log->event = "the clock goes on";
		sim_log->event_at = sim_log->event_code = NULL;
		sim_clock_tick();
		return true;
	}
	switch (choice % CHOICES_PER_CPU) {
	case CHOICE_STEP:
		if (cpu->stand == STAND_HALT || (cpu->lock && *cpu->lock)) {
			return false;
		}
		sim_resume(id, false);
		return true;
	case CHOICE_INTERRUPT:
		if (cpu->stand == STAND_KERNEL || !sim_has_interrupt(id)) {
			return false;
		}
		sim_resume(id, true);
		return true;
	default:
		if (!cpu->nr_stores) {
			return false;
		}
		sim_log->event = "'s oldest store becomes visible";
		sim_log->event_at = cpu->stores[0].at;
		sim_log->event_code = NULL;
		sim_store_drain_one(id);
		return true;
	}
}

static void problem_set(const char *problem)
{
	if (!explorer->result.problem) {
		snprintf(explorer->problem, sizeof(explorer->problem), "%s", problem);
		explorer->result.problem = explorer->problem;
	}
}

NO_HOOKS static bool is_quiet(void)
{
	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		if (sim.cpus[id].stand != STAND_HALT || sim_has_interrupt(id) ||
		    sim.cpus[id].nr_stores) {
			return false;
		}
	}
	return true;
}

/* Nothing goes on by itself any more. Then all threads have ended, or some sleep for ever. */
static void look_at_end(uint32_t state)
{
	if (!is_quiet()) {
		return;
	}
	sim_log->is_exploring = false;
	scenario_check_end();
	sim_log->is_exploring = true;
	if (sim_log->failure[0]) {
		if (!sim.nr_ticks) {
			problem_set(sim_log->failure);
		}
		sim_log->failure[0] = '\0';
		return;
	}
	explorer->can_end[state] = true;
	explorer->result.nr_ends++;
}

/* Enters the present state, which is in the scratch buffer. */
NO_HOOKS static void push(uint32_t state, unsigned choice)
{
	struct frame *frame = &explorer->frames[explorer->depth];
	const struct saved *scratch = explorer->scratch;

	if (explorer->depth == DEPTH_MAX - 1) {
		problem_set("the schedule is too long");
		return;
	}
	frame->state = state;
	frame->next_choice = 0;
	frame->choice = choice;
	frame->event = sim_log->event;
	frame->event_at = sim_log->event_at;
	frame->event_code = sim_log->event_code;
	frame->saved = *scratch;
	frame->saved.bytes = malloc(scratch->size_bytes);
	memcpy(frame->saved.bytes, scratch->bytes, scratch->size_bytes);
	explorer->depth++;
	look_at_end(state);
}

NO_HOOKS static void choice_explore(const struct frame *frame, unsigned choice)
{
	uint32_t state;
	bool is_new;

	if (explorer->present != frame->state) {
		state_restore(&frame->saved);
		explorer->present = frame->state;
	}
	if (!choice_take(choice)) {
		return;
	}
	explorer->present = UINT64_MAX;
	if (sim_log->failure[0]) {
		explorer->scratch = state_save();
		problem_set(sim_log->failure);
		push(frame->state, choice);
		return;
	}
	state = state_number(&is_new);
	explorer->from[explorer->result.nr_steps] = frame->state;
	explorer->to[explorer->result.nr_steps++] = state;
	if (is_new) {
		explorer->present = state;
		push(state, choice);
	}
}

/* From every state some schedule must lead to an end: else a wait is for ever. */
NO_HOOKS static void check_ends(void)
{
	const struct explored *result = &explorer->result;
	bool changed = true;

	while (changed) {
		changed = false;
		for (uint64_t i = result->nr_steps; i > 0; i--) {
			if (explorer->can_end[explorer->to[i - 1]] &&
			    !explorer->can_end[explorer->from[i - 1]]) {
				explorer->can_end[explorer->from[i - 1]] = true;
				changed = true;
			}
		}
	}
	for (uint32_t state = 0; state < result->nr_states; state++) {
		if (!explorer->can_end[state] && !explorer->result.problem) {
			problem_set("a wait does not end");
			explorer->goal = state;
		}
	}
}

static void explorer_init(unsigned table_bits)
{
	/* states come and go on the heap: what is free there stays with the program */
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	explorer = calloc(1, sizeof(*explorer));
	explorer->table_bits = table_bits;
	explorer->numbers = malloc((1u << table_bits) * sizeof(*explorer->numbers));
	explorer->from = malloc(EDGES_MAX * sizeof(*explorer->from));
	explorer->to = malloc(EDGES_MAX * sizeof(*explorer->to));
	explorer->goal = UINT32_MAX;
}

/* From the present state. False: it must begin anew. */
NO_HOOKS static bool search(void)
{
	const uint64_t states_max = (1u << explorer->table_bits) / 4 * 3;
	bool is_new;

	/* anew: a search that was short has left most of it untouched */
	free(explorer->keys);
	explorer->keys = calloc(1u << explorer->table_bits, sizeof(*explorer->keys));
	memset(explorer->can_end, 0, explorer->result.nr_states);
	explorer->result = (struct explored){ 0 };
	explorer->depth = 0;
	explorer->present = UINT64_MAX;
	push(state_number(&is_new), 0);
	while (explorer->depth && !explorer->result.problem && !explorer->result.is_cut) {
		struct frame *frame = &explorer->frames[explorer->depth - 1];

		if (frame->state == explorer->goal) {
			return true;
		}
		if (still_was_wrong()) {
			return false;
		}
		explorer->result.is_cut = explorer->result.nr_states >= states_max ||
					  explorer->result.nr_steps >= EDGES_MAX - 64;
		if (frame->next_choice == CHOICES_PER_CPU * (sim.nr_cpus + 1)) {
			free(frame->saved.bytes);
			explorer->depth--;
		} else {
			choice_explore(frame, frame->next_choice++);
		}
	}
	return !still_was_wrong();
}

static void search_from(const struct saved *first)
{
	for (;;) {
		state_restore(first);
		if (search()) {
			return;
		}
		while (explorer->depth) {
			free(explorer->frames[--explorer->depth].saved.bytes);
		}
	}
}

struct explored explore(const struct scenario *scenario)
{
	struct explored result;
	struct saved first;

	explorer_init(scenario->is_long ? TABLE_LONG : TABLE_SHORT);
	scenario_begin(scenario);
	state_begin();
	first = *state_save();
	first.bytes = malloc(first.size_bytes);
	memcpy(first.bytes, state_save()->bytes, first.size_bytes);
	search_from(&first);
	if (!explorer->result.problem && !explorer->result.is_cut) {
		check_ends();
	}
	if (!state_is_complete()) {
		problem_set("a variable was written unseen");
	}
	result = explorer->result;
	if (explorer->goal != UINT32_MAX) {
		/* once more, for the way to where it does not end from */
		search_from(&first);
	}
	return result;
}

void explore_print(void (*print)(const char *format, ...))
{
	char word[80], code[200];

	for (unsigned i = 0; i < explorer->depth; i++) {
		const struct frame *frame = &explorer->frames[i];

		describe_word(frame->event_at, word, sizeof(word));
		describe_code(frame->event_code, code, sizeof(code));
		print("    CPU %u %s %s%s", frame->choice / CHOICES_PER_CPU,
		      frame->event ? frame->event : "", word, code);
	}
}
