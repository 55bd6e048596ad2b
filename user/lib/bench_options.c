/* The options that every benchmark program takes. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

enum { NS_PER_MS = 1000000, BUDGET_MS = 1000, STATUS_USAGE = 2, JOBS_MAX = 1024 };
enum { OPTION_ONCE = 0x100, OPTION_JSON, OPTION_TSC, OPTION_COUNTERS, OPTION_BARE, OPTION_HELP };

struct bench_settings bench_settings = {
	.budget_ns = (uint64_t)BUDGET_MS * NS_PER_MS,
	.nr_jobs = 1,
};

static const struct option long_options[] = {
	{ "budget", required_argument, NULL, 'b' },
	{ "once", required_argument, NULL, OPTION_ONCE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "tsc", no_argument, NULL, OPTION_TSC },
	{ "counters", no_argument, NULL, OPTION_COUNTERS },
	{ "bare", no_argument, NULL, OPTION_BARE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

static void print_help(const struct bench_program *program)
{
	printf("usage: %s [OPTION...] [FIGURE...]\n%s\n\n", program->name, program->brief);
	for (size_t i = 0; i < program->nr_figures; i++) {
		printf("  %-16s %s\n", program->figures[i].name, program->figures[i].brief);
	}
	fputs("\n"
	      "  -n N         N operations, in place of as many as the time budget allows\n"
	      "  --budget MS  time for each figure, in milliseconds (1000)\n",
	      stdout);
	if (program->takes_jobs) {
		puts("  -j N         N processes at work at the same time (one per processor)");
	}
	fputs("  --once N     exactly N operations, after N to warm up, in TSC ticks: two runs of\n"
	      "               different N differ by the operation alone\n"
	      "  --tsc        ticks of the TSC in place of nanoseconds\n"
	      "  --counters   the kernel's event counters, per operation (Bulwark only)\n"
	      "  --json       one JSON object a line\n"
	      "  --bare       no heading\n",
	      stdout);
}

/* A number in [1, max]; 0 where the text is none. */
static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	return *end == '\0' && text[0] >= '0' && text[0] <= '9' && value <= max ? value : 0;
}

/* False where the value makes no sense. */
static bool apply(int option, const char *value, const struct bench_program *program)
{
	struct bench_settings *settings = &bench_settings;

	switch (option) {
	case 'n':
		settings->nr_operations = number(value, UINT32_MAX);
		return settings->nr_operations != 0;
	case 'b':
		settings->budget_ns = number(value, UINT32_MAX) * NS_PER_MS;
		return settings->budget_ns != 0;
	case 'j':
		settings->nr_jobs = (unsigned int)number(value, JOBS_MAX);
		return program->takes_jobs && settings->nr_jobs != 0;
	case OPTION_ONCE:
		settings->nr_once = number(value, UINT32_MAX);
		settings->tsc = true;
		return settings->nr_once != 0;
	case OPTION_JSON: return settings->json = true;
	case OPTION_TSC: return settings->tsc = true;
	case OPTION_COUNTERS: return settings->counters = true;
	case OPTION_BARE: return settings->bare = true;
	default: return false;
	}
}

int bench_options(int argc, char *argv[], const struct bench_program *program, int *status)
{
	int option;

	if (program->takes_jobs) {
		bench_settings.nr_jobs = bench_nr_cpus();
	}
	while ((option = getopt_long(argc, argv, "n:j:", long_options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			print_help(program);
			*status = 0;
			return -1;
		}
		if (!apply(option, optarg, program)) {
			fprintf(stderr, "%s: bad options; --help lists them\n", program->name);
			*status = STATUS_USAGE;
			return -1;
		}
	}
	*status = 0;
	return optind;
}
