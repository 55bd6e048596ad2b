/* Saving the machine's state, and going back to it. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "kernel.h"

#define NO_HOOKS __attribute__((no_sanitize_thread))

enum { LINE_BYTES = 64, PAGE_BYTES = 4096 };

/* Written once, before the first state is saved. */
static unsigned char *baseline;
static size_t size_bytes;     /* of the variables */
static struct saved *scratch; /* on the heap, as it is no part of the state */

NO_HOOKS static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9fb21c651e98df25;
	return sum ^ sum >> 32;
}

NO_HOOKS uint64_t state_hash(const struct saved *saved)
{
	uint64_t sum = saved->size_bytes, word = 0;

	for (size_t i = 0; i < saved->size_bytes; i += sizeof(word)) {
		memcpy(&word, saved->bytes + i, MIN(saved->size_bytes - i, sizeof(word)));
		sum = mix(sum, word);
	}
	return sum | 1;
}

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

NO_HOOKS static size_t line_bytes(size_t at)
{
	return size_bytes - at < LINE_BYTES ? size_bytes - at : LINE_BYTES;
}

NO_HOOKS static size_t lines_save(unsigned char *to, unsigned *nr_lines)
{
	unsigned char *start = to;

	*nr_lines = 0;
	for (size_t page = 0; page * PAGE_BYTES < size_bytes; page++) {
		size_t at = page * PAGE_BYTES;
		size_t end = at + PAGE_BYTES;

		if (!sim_log->dirty[page]) {
			continue;
		}
		for (; at < end && at < size_bytes; at += LINE_BYTES) {
			if (memcmp(__data_start + at, baseline + at, line_bytes(at)) != 0) {
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

NO_HOOKS void state_restore(const struct saved *saved)
{
	const unsigned char *from = saved->bytes;

	for (size_t page = 0; page * PAGE_BYTES < size_bytes; page++) {
		size_t at = page * PAGE_BYTES, left = size_bytes - at;

		if (sim_log->dirty[page]) {
			memcpy(__data_start + at, baseline + at,
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

void state_begin(void)
{
	size_bytes = (size_t)(_end - __data_start);
	baseline = malloc(size_bytes);
	scratch = calloc(1, sizeof(*scratch));
	scratch->bytes = malloc(2 * size_bytes + SIM_STACKS_MAX * SIM_STACK_BYTES);
	normalise();
	sim_note_write(&sim, offsetof(struct sim, memory));
	memcpy(baseline, __data_start, size_bytes);
}

bool state_is_complete(void)
{
	for (size_t at = 0; at < size_bytes; at += LINE_BYTES) {
		if (!sim_log->dirty[at / PAGE_BYTES] &&
		    memcmp(__data_start + at, baseline + at, line_bytes(at)) != 0) {
			return false;
		}
	}
	return true;
}
