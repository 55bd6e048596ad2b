/* sources: tests/host/tlb/machine.c tests/host/tlb/translations.c tests/host/tlb/hardware.c
 *          tests/host/tlb/coroutine.c tests/host/tlb/describe.c
 *          tests/host/tlb/kernel.c tests/host/tlb/kernel_mm.c tests/host/tlb/kernel_as.c
 * tests/host/tlb/random_runs.c kernel/mm/tlb/tlb.c kernel/mm/tlb/ktlb.c kernel/mm/tlb/as_tlb.c
 *          kernel/mm/gate/current/user_half.c
 *          kernel/mm/tlb/tlb_boot.c
 */
/*
 * The TLB coherence code under random schedules of the simulated machine.
 *   tlb_random                 the test: 40 million steps, in a soak 2000 million
 *   tlb_random steps NUMBER    the same with another length
 *   tlb_random seed NUMBER     one run, its last steps printed
 */
#include "tap.h"
#include "tlb/random_runs.h"

static void print_trace(void)
{
	char line[160];

	for (unsigned i = 0; random_runs_trace(i, line, sizeof(line)); i++) {
		diag("  %s", line);
	}
}

static bool run_one(uint64_t seed)
{
	const char *failure = random_run(seed);

	if (failure) {
		diag("seed %lu: %s; the last steps:", (unsigned long)seed, failure);
		print_trace();
	}
	return !failure;
}

int main(int argc, char **argv)
{
	uint64_t nr_steps = soak(2000, 40) * 1000 * 1000;
	bool is_good = true;

	sim_log_init();
	if (argc == 3 && strcmp(argv[1], "seed") == 0) {
		return run_one(strtoul(argv[2], NULL, 0)) ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	if (argc == 3 && strcmp(argv[1], "steps") == 0) {
		nr_steps = strtoul(argv[2], NULL, 0);
	}
	for (uint64_t seed = 1; is_good && sim_log->nr_steps < nr_steps; seed++) {
		is_good = run_one(seed);
	}
	ok(is_good, "no stale translation is ever usable, under random schedules");
	ok(sim_log->nr_steps >= nr_steps || !is_good, "at least %lu steps were taken",
	   (unsigned long)nr_steps);
	ok(sim_log->nr_rounds && sim_log->nr_flushes && sim_log->nr_noflush_loads,
	   "there were shootdown rounds, flushes and loads without a flush");
	diag("%lu steps, %lu judgements, %lu rounds, %lu IPIs, %lu full flushes, %lu NOFLUSH loads",
	     (unsigned long)sim_log->nr_steps, (unsigned long)sim_log->nr_checks,
	     (unsigned long)sim_log->nr_rounds, (unsigned long)sim_log->nr_ipis,
	     (unsigned long)sim_log->nr_flushes, (unsigned long)sim_log->nr_noflush_loads);
	return done_testing();
}
