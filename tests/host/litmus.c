/* sources: tests/host/litmus/program.c tests/host/litmus/run.c
 *          tests/host/tlb/machine.c tests/host/tlb/translations.c tests/host/tlb/hardware.c
 *          tests/host/tlb/coroutine.c tests/host/tlb/describe.c
 *          tests/host/tlb/kernel.c tests/host/tlb/kernel_mm.c tests/host/tlb/kernel_as.c
 * tests/host/tlb/explore.c kernel/mm/tlb/tlb.c kernel/mm/tlb/ktlb.c kernel/mm/tlb/as_tlb.c
 *          kernel/mm/gate/current/user_half.c
 *          kernel/mm/tlb/tlb_boot.c
 */
/* flags: -O2 -fno-sanitize=all */

/*
 * The litmus tests of tests/litmus/ on the simulated machine: no outcome that is forbidden, each
 * that is allowed, and no other. `litmus FILE...` runs these and prints what is possible.
 */
#include <dirent.h>

#include "litmus/run.h"
#include "tap.h"

static void print_outcome(const char *what, const litmus_regs *regs)
{
	char text[LITMUS_TEXT];

	litmus_text((const unsigned char(*)[LITMUS_REGS]) * regs, text, sizeof(text));
	diag("%s %s", what, text);
}

/* The first line of the table that the outcome meets. A line that forbids comes first. */
static const struct litmus_outcome *verdict(const struct litmus *test, const litmus_regs *regs)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < test->nr_outcomes; i++) {
			const struct litmus_outcome *outcome = &test->outcomes[i];

			if (outcome->is_forbidden == !pass && litmus_meets(outcome, *regs)) {
				return outcome;
			}
		}
	}
	return NULL;
}

static bool is_right(const struct litmus *test, bool has_pcid)
{
	struct litmus_result result = litmus_run(test, has_pcid);
	bool is_reached[LITMUS_OUTCOMES] = { false }, is_good = !result.problem;

	if (result.problem) {
		diag("PCIDs %s: %s", has_pcid ? "on" : "off", result.problem);
	}
	for (unsigned i = 0; i < result.nr_outcomes; i++) {
		const struct litmus_outcome *line = verdict(test, &result.outcomes[i]);

		if (!line || line->is_forbidden) {
			print_outcome(line ? "forbidden, and possible:"
					   : "in no line, and possible:",
				      &result.outcomes[i]);
			is_good = false;
		} else {
			is_reached[line - test->outcomes] = true;
		}
	}
	for (unsigned i = 0; i < test->nr_outcomes; i++) {
		if (!test->outcomes[i].is_forbidden && !is_reached[i]) {
			diag("allowed, and not possible: %s", test->outcomes[i].text);
			is_good = false;
		}
	}
	return is_good;
}

static struct litmus test;
static char error[200];

static bool read_test(const char *path)
{
	FILE *file = fopen(path, "r");
	bool is_good = litmus_parse(file, path, &test, error, sizeof(error));

	if (file) {
		fclose(file);
	}
	return is_good;
}

static void run(const char *path)
{
	if (!read_test(path)) {
		ok(false, "%s", error);
		return;
	}
	ok((test.needs_pcid || is_right(&test, false)) && is_right(&test, true), "%s", test.name);
}

static void show(const char *path)
{
	struct litmus_result result;

	if (!read_test(path)) {
		printf("%s\n", error);
		return;
	}
	result = litmus_run(&test, true);
	printf("%s: %lu states%s%s\n", test.name, result.nr_states, result.problem ? ": " : "",
	       result.problem ? result.problem : "");
	for (unsigned i = 0; i < result.nr_outcomes; i++) {
		print_outcome("  possible:", &result.outcomes[i]);
	}
}

static int is_test(const struct dirent *entry) { return strstr(entry->d_name, ".litmus") != NULL; }

int main(int argc, char **argv)
{
	struct dirent **entries;
	int nr = argc > 1 ? 0 : scandir("tests/litmus", &entries, is_test, alphasort);

	explore_init();
	for (int i = 1; i < argc; i++) {
		show(argv[i]);
	}
	if (argc > 1) {
		return EXIT_SUCCESS;
	}
	for (int i = 0; i < nr; i++) {
		char path[300];

		snprintf(path, sizeof(path), "tests/litmus/%s", entries[i]->d_name);
		run(path);
	}
	ok(nr > 0, "there are tests (%d)", nr);
	return done_testing();
}
