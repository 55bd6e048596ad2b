/* Words and code by name. */
#include "describe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cpu.h"
#include "machine.h"
#include "task/sched/thread.h"

extern char __executable_start[];

void describe_word(const void *at, char *text, size_t size_bytes)
{
	uint64_t place = (uint64_t)at - (uint64_t)sim.memory;

	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		if (at == &cpus[id]->current) {
			snprintf(text, size_bytes, "current of CPU %u", id);
			return;
		}
	}
	if (place < sizeof(sim.memory)) {
		size_t offset = place % SIM_OBJECT_BYTES;
		unsigned index = (unsigned)(place / SIM_OBJECT_BYTES);
		const char *field = offset == offsetof(struct thread, state)       ? "state"
				    : offset == offsetof(struct thread, saved_rsp) ? "saved_rsp"
				    : offset == offsetof(struct thread, cpu)       ? "cpu"
										   : NULL;

		if (sim.objects[index].is_thread && field) {
			snprintf(text, size_bytes, "%s of thread %u", field, index);
		} else {
			snprintf(text, size_bytes, "%s %u + %zu", sim.objects[index].kind, index,
				 offset);
		}
	} else if ((uint64_t)at < 4096) {
		snprintf(text, size_bytes, "%lu", (unsigned long)at);
	} else if ((uint64_t)at - (uint64_t)sim_log->stacks < sizeof(sim_log->stacks)) {
		snprintf(text, size_bytes, "stack %u", sim_stack_of((uint64_t)at));
	} else {
		snprintf(text, size_bytes, "variable + %#lx",
			 (unsigned long)((const char *)at - __data_start));
	}
}

void describe_code(const void *code, char *text, size_t size_bytes)
{
	char command[160], program[96], line[128] = "";
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	FILE *lines;

	text[0] = '\0';
	if (!code || len < 0) {
		return;
	}
	program[len] = '\0';
	snprintf(command, sizeof(command), "addr2line -fs -e %s %#lx 2>/dev/null", program,
		 (unsigned long)((const char *)code - __executable_start - 1));
	lines = popen(command, "r");
	while (lines && fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = '\0';
		snprintf(text + strlen(text), size_bytes - strlen(text), " %s", line);
	}
	if (lines) {
		pclose(lines);
	}
}
