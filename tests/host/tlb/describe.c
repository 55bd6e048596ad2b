/* Steps of the simulated machine in words, for reports. */
#include <stdio.h>

#include "machine.h"

void sim_describe(const char *event, uint64_t detail, char *text, size_t size_bytes)
{
	const tlb_word_t *word = (const tlb_word_t *)detail;

	for (unsigned id = 0; id < SIM_CPUS_MAX; id++) {
		const struct sim_cpu *cpu = &sim.cpus[id];
		const struct {
			const tlb_word_t *word;
			const char *name;
		} names[] = {
			{ &cpu->mode, "mode" },           { &cpu->tlb.seen, "seen" },
			{ &cpu->tlb.request, "request" }, { &cpu->tlb.deferred, "deferred" },
			{ &cpu->current.roots, "roots" },
		};

		for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
			if (word == names[i].word) {
				snprintf(text, size_bytes, "%s %s of CPU %u", event, names[i].name,
					 id);
				return;
			}
		}
	}
	for (unsigned space = 0; space < SIM_SPACES; space++) {
		if (word == &sim.generations[space]) {
			snprintf(text, size_bytes, "%s generation of space %u", event, space);
			return;
		}
	}
	if (detail) {
		snprintf(text, size_bytes, "%s %#lx", event, (unsigned long)detail);
	} else {
		snprintf(text, size_bytes, "%s", event);
	}
}
