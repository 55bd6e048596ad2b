/* sources: tests/host/tlb/machine.c tests/host/tlb/translations.c tests/host/tlb/hardware.c
 *          tests/host/tlb/coroutine.c tests/host/tlb/describe.c
 *          tests/host/tlb/kernel.c tests/host/tlb/kernel_mm.c tests/host/tlb/kernel_as.c
 * tests/host/tlb/explore.c tests/host/tlb/scenarios.c tests/host/tlb/switches.c kernel/mm/tlb/tlb.c
 * kernel/mm/tlb/ktlb.c kernel/mm/tlb/as_tlb.c kernel/mm/gate/current/user_half.c
 * kernel/mm/tlb/tlb_boot.c
 */
/* flags: -O2 -fno-sanitize=all */

/*
 * The TLB coherence code in every schedule of small scenarios, each on every second kind of
 * machine, in a soak on all. `tlb_exhaustive NAME` runs those whose name contains NAME;
 * `tlb_exhaustive until-failure` ends at the first that fails.
 */
#include "tap.h"
#include "tlb/explore.h"

static const struct sim_config configs[] = {
	{ .kaiser = false, .pcid = false },
	{ .kaiser = false, .pcid = true, .invpcid = true },
	{ .kaiser = true, .pcid = false },
	{ .kaiser = true, .pcid = true, .invpcid = false },
	{ .kaiser = true, .pcid = true, .invpcid = true },
	{ .kaiser = false, .pcid = false, .gated = true },
	{ .kaiser = true, .pcid = true, .invpcid = true, .gated = true },
};

static void print_trace(void)
{
	char line[160];

	for (unsigned i = 0; explore_trace(i, line, sizeof(line)); i++) {
		diag("    %s", line);
	}
}

/* One scenario on all kinds of machines, or every second kind from `first` on. */
static void run(const struct scenario *scenario, unsigned first, unsigned every)
{
	struct explored total = { 0 };

	for (unsigned i = first; i < ARRAY_SIZE(configs) && !total.problem; i += every) {
		struct sim_config config = configs[i];
		struct explored one;

		config.nr_cpus = scenario_nr_cpus(scenario);
		config.step_at_stores = scenario->nr_nmis;
		config.large = scenario->large;
		one = explore(scenario, &config);
		total.nr_states += one.nr_states;
		total.nr_edges += one.nr_edges;
		total.nr_ends += one.nr_ends;
		total.problem = one.problem;
		if (one.problem) {
			diag("kaiser %d, pcid %d, invpcid %d, gated %d: %s", config.kaiser,
			     config.pcid, config.invpcid, config.gated, one.problem);
			print_trace();
		}
	}
	ok(!total.problem && total.nr_ends, "every schedule: %s", scenario->name);
	diag("%lu states, %lu steps, %lu ends", (unsigned long)total.nr_states,
	     (unsigned long)total.nr_edges, (unsigned long)total.nr_ends);
}

int main(int argc, char **argv)
{
	const char *wanted = argc == 2 ? argv[1] : "";
	bool until_failure = strcmp(wanted, "until-failure") == 0;
	unsigned every = argc == 2 ? 1 : (unsigned)soak(1, 2);

	explore_init();
	for (unsigned i = 0; i < nr_scenarios; i++) {
		if (until_failure || strstr(scenarios[i].name, wanted)) {
			run(&scenarios[i], i % every, every);
		}
		if (until_failure && tap_nr_failed) {
			break;
		}
	}
	return done_testing();
}
