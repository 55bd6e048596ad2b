/* The command that runs benchmarks. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "program.h"
#include "run.h"

static const struct {
	const char *program;
	const char *name;
	const char *brief;
} benches[] = {
#define BENCH(program, name, brief) { #program, #name, brief },
#include "bench/benches.def"
#undef BENCH
};

enum { NR_BENCHES = sizeof(benches) / sizeof(benches[0]), MAX_WORDS = 16 };

static int list_benches(void)
{
	for (size_t i = 0; i < NR_BENCHES; i++) {
		printf("  %-8s %s\n", benches[i].name, benches[i].brief);
	}
	printf("\n`bench NAME` runs one, `bench` alone all of them.\n");
	return 0;
}

static bool is_named(size_t i, const char *name)
{
	return strcmp(name, benches[i].name) == 0 || strcmp(name, benches[i].program) == 0;
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < NR_BENCHES; i++) {
		if (is_named(i, name)) {
			return true;
		}
	}
	return false;
}

static bool is_wanted(size_t i, char *const names[])
{
	bool is_all = names[0] == NULL;

	for (; *names != NULL; names++) {
		if (is_named(i, *names)) {
			return true;
		}
	}
	return is_all;
}

/* Blocks. Runs one with the options given; all but the first go without a heading. */
static int run_bench(size_t i, int nr_options, char *const options[], bool is_first)
{
	char *argv[MAX_WORDS + 3] = { (char *)benches[i].program };
	int argc = 1;

	for (int k = 0; k < nr_options; k++) {
		argv[argc++] = options[k];
	}
	if (!is_first) {
		argv[argc++] = "--bare";
	}
	return program_run(argv, PROGRAM_AS_USER);
}

int cmd_bench(int argc, char *const argv[])
{
	int nr_options = 0, status = 0;
	bool is_first = true;

	while (nr_options < argc - 1 && argv[1 + nr_options][0] == '-') {
		nr_options++;
	}

	char *const *names = argv + 1 + nr_options;

	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		return list_benches();
	}
	if (nr_options > MAX_WORDS) {
		return command_usage("bench");
	}
	for (size_t i = 0; names[i] != NULL; i++) {
		if (!is_known(names[i])) {
			fprintf(stderr, "bench: no benchmark `%s`; `bench` lists them\n", names[i]);
			return STATUS_USAGE;
		}
	}
	for (size_t i = 0; i < NR_BENCHES; i++) {
		if (is_wanted(i, names)) {
			int ended = run_bench(i, nr_options, argv + 1, is_first);

			status = status != 0 ? status : ended;
			is_first = false;
		}
	}
	return status;
}
