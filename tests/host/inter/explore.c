/* The search. */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "scenario.h"

#define NO_HOOKS __attribute__((no_sanitize_thread))

enum { TABLE_BITS = 22, DEPTH_MAX = 6000, LINE_BYTES = 64, PAGE_BYTES = 4096 };
#define NR_SLOTS (1u << TABLE_BITS)
#define STATES_MAX (NR_SLOTS / 4 * 3)
#define EDGES_MAX (NR_SLOTS * 4ul)

/* What may happen next: a CPU goes on, takes an interrupt, or a store of it becomes visible; or the
 * clock goes on. */
enum { CHOICE_STEP, CHOICE_INTERRUPT, CHOICE_DRAIN, CHOICES_PER_CPU };

struct saved {
	unsigned char *bytes; /* lines: offset, content; then the stacks */
	size_t size_bytes;
	unsigned nr_lines;
};

struct frame {
	uint32_t state;
	unsigned next_choice, choice;
	const char *event;
	const void *event_at, *event_code;
	struct saved saved;
};

/* On the heap, so that going back to a state leaves it alone. */
struct explorer {
	uint64_t keys[NR_SLOTS];
	uint32_t states[NR_SLOTS];
	bool can_end[NR_SLOTS];
	uint32_t *from, *to;
	struct frame frames[DEPTH_MAX];
	unsigned depth;
	struct explored result;
	char problem[200];
	unsigned char *baseline;
	size_t size_bytes; /* of the variables */
	struct saved scratch;
	size_t scratch_bytes;
	uint32_t goal;    /* where the search ends; UINT32_MAX: nowhere */
	uint64_t present; /* key of the state that the machine is in */
};
static struct explorer *explorer;

/* --- states --- */

NO_HOOKS static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9fb21c651e98df25;
	return sum ^ sum >> 32;
}

NO_HOOKS static uint64_t hash(uint64_t sum, const unsigned char *bytes, size_t size_bytes)
{
	uint64_t word = 0;

	for (size_t i = 0; i < size_bytes; i += sizeof(word)) {
		memcpy(&word, bytes + i,
		       size_bytes - i < sizeof(word) ? size_bytes - i : sizeof(word));
		sum = mix(sum, word);
	}
	return sum;
}

/* Says nothing about the future: who ran last, and what is only counted. */
NO_HOOKS static void state_normalise(void)
{
	sim.current = 0;
	host_cpu = cpus[0];
	sim.scheduler_rsp = 0;
	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		memset(cpus[id]->counters, 0, sizeof(cpus[id]->counters));
	}
}

NO_HOOKS static size_t line_bytes(size_t at)
{
	return explorer->size_bytes - at < LINE_BYTES ? explorer->size_bytes - at : LINE_BYTES;
}

NO_HOOKS static size_t lines_save(unsigned char *to, unsigned *nr_lines)
{
	unsigned char *start = to;

	*nr_lines = 0;
	for (size_t page = 0; page * PAGE_BYTES < explorer->size_bytes; page++) {
		size_t at = page * PAGE_BYTES;
		size_t end = at + PAGE_BYTES;

		if (!sim_log->dirty[page]) {
			continue;
		}
		for (; at < end && at < explorer->size_bytes; at += LINE_BYTES) {
			if (memcmp(__data_start + at, explorer->baseline + at, line_bytes(at)) !=
			    0) {
				memcpy(to, &at, sizeof(at));
				memcpy(to + sizeof(at), __data_start + at, line_bytes(at));
				to += sizeof(at) + LINE_BYTES;
				++*nr_lines;
			}
		}
	}
	return (size_t)(to - start);
}

NO_HOOKS static size_t stack_used(unsigned index)
{
	const struct sim_stack *stack = &sim.stacks[index];

	return stack->is_used
		       ? (size_t)((uint64_t)sim_log->stacks[index] + SIM_STACK_BYTES - stack->rsp)
		       : 0;
}

NO_HOOKS static void state_save(void)
{
	unsigned char *to = explorer->scratch.bytes;

	state_normalise();
	to += lines_save(to, &explorer->scratch.nr_lines);
	for (unsigned i = 0; i < sim.nr_stacks; i++) {
		memcpy(to, (void *)sim.stacks[i].rsp, stack_used(i));
		to += stack_used(i);
	}
	explorer->scratch.size_bytes = (size_t)(to - explorer->scratch.bytes);
}

NO_HOOKS static void state_restore(const struct saved *saved)
{
	const unsigned char *from = saved->bytes;

	for (size_t page = 0; page * PAGE_BYTES < explorer->size_bytes; page++) {
		size_t at = page * PAGE_BYTES, left = explorer->size_bytes - at;

		if (sim_log->dirty[page]) {
			memcpy(__data_start + at, explorer->baseline + at,
			       left < PAGE_BYTES ? left : PAGE_BYTES);
		}
	}
	for (unsigned i = 0; i < saved->nr_lines; i++) {
		size_t at;

		memcpy(&at, from, sizeof(at));
		memcpy(__data_start + at, from + sizeof(at), line_bytes(at));
		from += sizeof(at) + LINE_BYTES;
	}
	for (unsigned i = 0; i < sim.nr_stacks; i++) {
		memcpy((void *)sim.stacks[i].rsp, from, stack_used(i));
		from += stack_used(i);
	}
}

/* The number of the present state, which is in the scratch buffer then. */
NO_HOOKS static uint32_t state_number(bool *is_new)
{
	uint64_t key;
	uint32_t slot;

	state_save();
	key = hash(explorer->scratch.size_bytes, explorer->scratch.bytes,
		   explorer->scratch.size_bytes) |
	      1;
	slot = (uint32_t)(key >> (64 - TABLE_BITS));
	while (explorer->keys[slot] && explorer->keys[slot] != key) {
		slot = (slot + 1) % NR_SLOTS;
	}
	*is_new = !explorer->keys[slot];
	if (*is_new) {
		explorer->keys[slot] = key;
		explorer->states[slot] = (uint32_t)explorer->result.nr_states++;
	}
	return explorer->states[slot];
}

/* --- steps --- */

static bool choice_take(unsigned choice)
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

static bool is_quiet(void)
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
static void push(uint32_t state, unsigned choice)
{
	struct frame *frame = &explorer->frames[explorer->depth];
	const struct saved *scratch = &explorer->scratch;

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

static void choice_explore(const struct frame *frame, unsigned choice)
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
		explorer->scratch.size_bytes = 0;
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

static void explorer_init(void)
{
	explorer = calloc(1, sizeof(*explorer));
	explorer->from = malloc(EDGES_MAX * sizeof(*explorer->from));
	explorer->to = malloc(EDGES_MAX * sizeof(*explorer->to));
	explorer->size_bytes = (size_t)(_end - __data_start);
	explorer->baseline = malloc(explorer->size_bytes);
	explorer->scratch_bytes = 2 * explorer->size_bytes + SIM_STACKS_MAX * SIM_STACK_BYTES;
	explorer->scratch.bytes = malloc(explorer->scratch_bytes);
	explorer->goal = UINT32_MAX;
}

/* What was written without a hook would be lost. */
static void check_dirty(void)
{
	for (size_t at = 0; at < explorer->size_bytes; at += LINE_BYTES) {
		if (!sim_log->dirty[at / PAGE_BYTES] &&
		    memcmp(__data_start + at, explorer->baseline + at, line_bytes(at)) != 0) {
			problem_set("a variable was written unseen");
		}
	}
}

/* From the present state. */
static void search(void)
{
	bool is_new;

	memset(explorer->keys, 0, sizeof(explorer->keys));
	explorer->present = UINT64_MAX;
	push(state_number(&is_new), 0);
	while (explorer->depth && !explorer->result.problem && !explorer->result.is_cut) {
		struct frame *frame = &explorer->frames[explorer->depth - 1];

		if (frame->state == explorer->goal) {
			return;
		}
		explorer->result.is_cut = explorer->result.nr_states >= STATES_MAX ||
					  explorer->result.nr_steps >= EDGES_MAX - 64;
		if (frame->next_choice == CHOICES_PER_CPU * (sim.nr_cpus + 1)) {
			free(frame->saved.bytes);
			explorer->depth--;
		} else {
			choice_explore(frame, frame->next_choice++);
		}
	}
}

struct explored explore(const struct scenario *scenario)
{
	struct explored result;
	struct saved first = { 0 };

	explorer_init();
	scenario_begin(scenario);
	state_normalise();
	sim_note_write(&sim, offsetof(struct sim, memory));
	memcpy(explorer->baseline, __data_start, explorer->size_bytes);
	state_save();
	first = explorer->scratch;
	first.bytes = malloc(first.size_bytes);
	memcpy(first.bytes, explorer->scratch.bytes, first.size_bytes);
	search();
	if (!explorer->result.problem && !explorer->result.is_cut) {
		check_ends();
	}
	check_dirty();
	result = explorer->result;
	if (explorer->goal != UINT32_MAX) {
		/* once more, for the way to where it does not end from */
		state_restore(&first);
		explorer->result = (struct explored){ 0 };
		search();
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
