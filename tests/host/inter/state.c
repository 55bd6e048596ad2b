/* Saving the machine's state, and going back to it. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "state_table.h"

/* Written once, before the first state is saved. */
static unsigned char *baseline;
static size_t size_bytes;     /* of the variables */
static struct saved *scratch; /* on the heap, as it is no part of the state */

/* Says nothing about the future: who ran last, and what is only counted. */
NO_HOOKS static void normalise(void)
{
	sim.current = 0;
	host_cpu = cpus[0];
	sim.scheduler_rsp = 0;
	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		memset(cpus[id]->counters, 0, sizeof(cpus[id]->counters));
	}
}

/* The last line is shorter. */
NO_HOOKS static bool is_short(size_t line) { return line == size_bytes / SIM_LINE_BYTES; }

NO_HOOKS static void line_copy(void *to, const void *from, size_t line)
{
	if (is_short(line)) {
		memcpy(to, from, size_bytes % SIM_LINE_BYTES);
	} else {
		memcpy(to, from, SIM_LINE_BYTES);
	}
}

/* Unaligned: what the compiler makes the processor compare at once. */
typedef uint64_t words_t __attribute__((vector_size(16), aligned(8), may_alias));

NO_HOOKS static bool line_differs(size_t line)
{
	const words_t *at = (const void *)(__data_start + line * SIM_LINE_BYTES);
	const words_t *first = (const void *)(baseline + line * SIM_LINE_BYTES);
	words_t sum;

	if (is_short(line)) {
		return memcmp(at, first, size_bytes % SIM_LINE_BYTES) != 0;
	}
	sum = (at[0] ^ first[0]) | (at[1] ^ first[1]) | (at[2] ^ first[2]) | (at[3] ^ first[3]);
	return sum[0] | sum[1];
}

NO_HOOKS static size_t lines_save(unsigned char *to, unsigned *nr_lines)
{
	unsigned char *start = to;

	*nr_lines = 0;
	for (unsigned i = 0; i < sim_log->nr_dirty; i++) {
		size_t line = sim_log->dirty[i];

		if (line_differs(line)) {
			memcpy(to, &line, sizeof(line));
			line_copy(to + sizeof(line), __data_start + line * SIM_LINE_BYTES, line);
			to += sizeof(line) + SIM_LINE_BYTES;
			++*nr_lines;
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

NO_HOOKS const struct saved *state_save(void)
{
	unsigned char *to = scratch->bytes;

	normalise();
	to += lines_save(to, &scratch->nr_lines);
	for (unsigned i = 0; i < sim.nr_stacks; i++) {
		memcpy(to, (void *)sim.stacks[i].rsp, stack_used(i));
		to += stack_used(i);
	}
	scratch->size_bytes = (size_t)(to - scratch->bytes);
	return scratch;
}

/* The saved lines are some of the dirty ones, in the same order. */
NO_HOOKS void state_restore(const struct saved *saved)
{
	const unsigned char *from = saved->bytes, *end;
	size_t next = SIZE_MAX;

	end = from + saved->nr_lines * (sizeof(next) + SIM_LINE_BYTES);
	for (unsigned i = 0; i < sim_log->nr_dirty; i++) {
		size_t line = sim_log->dirty[i];

		if (from < end) {
			memcpy(&next, from, sizeof(next));
		}
		if (from < end && next == line) {
			line_copy(__data_start + line * SIM_LINE_BYTES, from + sizeof(next), line);
			from += sizeof(next) + SIM_LINE_BYTES;
		} else {
			line_copy(__data_start + line * SIM_LINE_BYTES,
				  baseline + line * SIM_LINE_BYTES, line);
		}
	}
	for (unsigned i = 0; i < sim.nr_stacks; i++) {
		memcpy((void *)sim.stacks[i].rsp, from, stack_used(i));
		from += stack_used(i);
	}
}

void state_begin(void)
{
	size_bytes = (size_t)(_end - __data_start);
	assert(size_bytes / SIM_LINE_BYTES < SIM_LINES_MAX);
	baseline = malloc(size_bytes);
	scratch = calloc(1, sizeof(*scratch));
	scratch->bytes = malloc(2 * size_bytes + SIM_STACKS_MAX * SIM_STACK_BYTES);
	normalise();
	sim_note_write(&sim, offsetof(struct sim, memory));
	memcpy(baseline, __data_start, size_bytes);
}

bool state_is_complete(void)
{
	for (size_t line = 0; line <= size_bytes / SIM_LINE_BYTES; line++) {
		if (!sim_log->is_dirty[line] && line_differs(line)) {
			return false;
		}
	}
	return true;
}
