/*
 * The command that runs the tests on board: the in-kernel suites, whose TAP text it renumbers, and
 * the programs bin/t_*, which are told the number to begin with and answer with their count
 * (tap.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bulwark.h"
#include "command.h"
#include "memory.h"
#include "program.h"
#include "run.h"
#include "tap.h"

enum { SUITE_TEXT_MAX = 64 << 10 };

static const char test_prefix[] = "t_";

struct tally {
	int nr_tests;
	int nr_failed;
};

static void print_own(struct tally *tally, bool passed, const char *text)
{
	tally->nr_tests++;
	tally->nr_failed += !passed;
	printf("%sok %d - %s\n", passed ? "" : "not ", tally->nr_tests, text);
	fflush(stdout);
}

/* What follows "ok 12 - " or "ok - " in a result line. */
static const char *name_of_result(const char *line)
{
	line += strspn(line, " 0123456789");
	line += *line == '-';
	return line + strspn(line, " ");
}

/* Prints a suite's text under our numbers; drops its plan, after a look at it. */
static void merge_suite(struct tally *tally, unsigned int index, char *text)
{
	int nr_before = tally->nr_tests;
	int nr_planned = -1;
	char name[64];

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (strncmp(line, "ok ", 3) == 0) {
			print_own(tally, true, name_of_result(line + 3));
		} else if (strncmp(line, "not ok ", 7) == 0) {
			print_own(tally, false, name_of_result(line + 7));
		} else if (strncmp(line, "1..", 3) == 0) {
			nr_planned = atoi(line + 3);
		} else {
			printf("%s\n", line);
		}
	}
	if (nr_planned != tally->nr_tests - nr_before) {
		snprintf(name, sizeof(name), "in-kernel suite %u ran all of its tests", index);
		print_own(tally, false, name);
	}
}

static bool is_suite(unsigned int index, const char *name)
{
	char text[64];
	long length = bw_ktest(BW_KTEST_NAME | index, text, sizeof(text) - 1);

	return length >= 0 && (size_t)length == strlen(name) &&
	       memcmp(text, name, (size_t)length) == 0;
}

/* All of them, or that of this name. Returns how many it ran. */
static int run_suites(struct tally *tally, const char *only)
{
	char *text = malloc(SUITE_TEXT_MAX);
	long length;
	int nr_run = 0;

	if (text == NULL) {
		print_own(tally, false, "there is memory for the in-kernel suites' results");
		return 0;
	}
	for (unsigned int i = 0;; i++) {
		bool is_wanted = only == NULL || is_suite(i, only);

		length = bw_ktest(is_wanted ? i : BW_KTEST_NAME | i, text, SUITE_TEXT_MAX - 1);
		if (length < 0) {
			break;
		}
		text[length] = '\0';
		if (is_wanted) {
			merge_suite(tally, i, text);
			nr_run++;
		}
	}
	free(text);
	if (length == -ENOSYS || length == -EPERM) {
		print_own(tally, true,
			  "the in-kernel suites # SKIP they need the boot option ktest=on");
	} else if (length != -ENOENT) {
		printf("# bw_ktest returned %ld\n", length);
		print_own(tally, false, "the in-kernel suites ran");
	}
	return nr_run;
}

/* Counts what the program says of itself; false: it did not live to say it. */
static bool count_results(struct tally *tally, int status)
{
	int code = status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	int nr_tests = code & TAP_EXIT_COUNT;

	if (nr_tests <= 0 || nr_tests > TAP_MAX_TESTS) {
		return false;
	}
	tally->nr_tests += nr_tests;
	tally->nr_failed += (code & TAP_EXIT_FAILED) != 0;
	return true;
}

static void run_program(struct tally *tally, const char *name)
{
	uint64_t nr_before = memory_now().nr_processes;
	char first[32], text[96];
	char *const argv[] = { (char *)name, NULL };
	int status;

	snprintf(first, sizeof(first), "TAP_FIRST=%d", tally->nr_tests + 1);
	printf("# %s\n", name);
	status = program_run_with(argv, PROGRAM_AS_ROOT, first);
	if (!count_results(tally, status)) {
		snprintf(text, sizeof(text), "%s lives to report its results", name);
		print_own(tally, false, text);
		printf("# wait status 0x%x\n", status);
	}
	/* one that is left behind would disturb the tests to come */
	if (memory_settled(nr_before).nr_processes > nr_before) {
		snprintf(text, sizeof(text), "%s leaves no process behind", name);
		print_own(tally, false, text);
	}
}

static int run_programs(struct tally *tally, const char *only)
{
	struct bw_archive_entry entry;
	int nr_run = 0;

	for (unsigned int i = 0; bw_archive_entry(i, &entry) >= 0; i++) {
		const char *name = program_name(&entry);

		if (name == NULL || strncmp(name, test_prefix, strlen(test_prefix)) != 0) {
			continue;
		}
		if (only == NULL || strcmp(name + strlen(test_prefix), only) == 0) {
			run_program(tally, name);
			nr_run++;
		}
	}
	return nr_run;
}

int cmd_selftest(int argc, char *const argv[])
{
	struct tally tally = { 0 };
	struct bw_audit audit;
	bool only_kernel = argc >= 2 && strcmp(argv[1], "kernel") == 0;
	const char *suite = only_kernel ? argv[2] : NULL;

	if (argc > 3 || (argc == 3 && !only_kernel)) {
		return command_usage("selftest");
	}
	if ((argc == 1 || only_kernel) && run_suites(&tally, suite) == 0 && tally.nr_tests == 0) {
		fprintf(stderr, "selftest: no in-kernel suite %s\n", suite);
		return STATUS_USAGE;
	}
	if (!only_kernel && run_programs(&tally, argv[1]) == 0 && argc > 1) {
		fprintf(stderr, "selftest: no program bin/%s%s\n", test_prefix, argv[1]);
		return STATUS_USAGE;
	}

	bool is_clean = bw_audit(&audit) >= 0 && audit.nr_violations == 0;

	if (!is_clean) {
		printf("# %s\n", audit.first);
	}
	print_own(&tally, is_clean, "the audit after all tests finds no violation");
	printf("1..%d\n", tally.nr_tests);
	return tally.nr_failed == 0 ? 0 : 1;
}
