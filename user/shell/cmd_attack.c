/* The command that runs attacks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack_run.h"
#include "command.h"
#include "run.h"
#include "terminal.h"

enum { NAME_COLUMNS = 18, WORD_COLUMNS = 10, MOST_RUNS = 1000000 };

/* What the command line asks for. */
struct options {
	bool json;
	unsigned int nr_runs;
};

static bool is_good(const struct attack_result *result)
{
	return result->as_expected && result->audit.nr_violations == 0;
}

static int list_attacks(void)
{
	for (size_t i = 0; i < nr_attack_rows; i++) {
		printf("  %-*s %s\n", NAME_COLUMNS, attack_rows[i].name, attack_rows[i].brief);
	}
	printf("\n`attack NAME` runs one, `attack all` runs them all.\n");
	return 0;
}

/* The outcome, padded, in red or green where the terminal has colours. */
static void print_outcome(const struct attack_result *result)
{
	const char *name = attack_outcome_name(result->outcome);
	bool is_bad = result->outcome == OUTCOME_BREACH || result->outcome == OUTCOME_ERROR;

	if (terminal_has_colour()) {
		printf("\x1b[%dm%-*s\x1b[0m", is_bad ? 31 : 32, WORD_COLUMNS, name);
	} else {
		printf("%-*s", WORD_COLUMNS, name);
	}
}

static void print_row(const struct attack_result *result)
{
	printf("%-*s", NAME_COLUMNS, result->name);
	print_outcome(result);
	printf("%-*s%s", WORD_COLUMNS, attack_outcome_name(result->expected.outcome),
	       attack_stopper(result));
	if (!result->as_expected) {
		printf("  <- not as expected: %s", result->observed);
	}
	if (result->audit.nr_violations != 0) {
		printf("  <- audit: %s", result->audit.first);
	}
	putchar('\n');
	fflush(stdout);
}

/* Blocks. Runs it as often as asked for, or until a run is not as expected; the last one counts. */
static void run_repeatedly(char *const argv[], const struct options *options,
			   enum attack_voice voice, struct attack_result *result)
{
	for (unsigned int i = 1; i < options->nr_runs; i++) {
		attack_run(argv, ATTACK_QUIET, result);
		if (!is_good(result)) {
			printf("%s: run %u of %u is not as expected\n", argv[0], i,
			       options->nr_runs);
			return;
		}
	}
	attack_run(argv, voice, result);
}

static int attack_all_table(const struct options *options)
{
	static struct attack_result result;
	size_t nr_good = 0;

	printf("%-*s%-*s%-*s%s\n", NAME_COLUMNS, "attack", WORD_COLUMNS, "outcome", WORD_COLUMNS,
	       "expected", "stopped by");
	for (size_t i = 0; i < nr_attack_rows; i++) {
		char *const argv[] = { (char *)attack_rows[i].name, NULL };

		run_repeatedly(argv, options, ATTACK_QUIET, &result);
		print_row(&result);
		nr_good += is_good(&result);
	}
	printf("%zu attacks, %zu as expected, %zu not\n", nr_attack_rows, nr_good,
	       nr_attack_rows - nr_good);
	return nr_good == nr_attack_rows ? 0 : 1;
}

static int attack_all_json(void)
{
	static struct attack_result result;
	bool all_good = true;

	puts("[");
	for (size_t i = 0; i < nr_attack_rows; i++) {
		char *const argv[] = { (char *)attack_rows[i].name, NULL };

		attack_run(argv, ATTACK_QUIET, &result);
		attack_print_json(&result, stdout);
		puts(i + 1 < nr_attack_rows ? "," : "");
		all_good = all_good && is_good(&result);
	}
	puts("]");
	return all_good ? 0 : 1;
}

static int attack_one(char *const argv[], const struct options *options)
{
	static struct attack_result result;
	char path[128];

	snprintf(path, sizeof(path), "bin/%s", argv[0]);
	if (attack_row_find(argv[0]) == NULL && !bw_archive_has(path)) {
		fprintf(stderr, "attack: no attack or program `%s`; `attack` lists the attacks\n",
			argv[0]);
		return STATUS_USAGE;
	}
	run_repeatedly(argv, options, options->json ? ATTACK_QUIET : ATTACK_ALOUD, &result);
	if (options->json) {
		attack_print_json(&result, stdout);
		putchar('\n');
	} else {
		attack_print(&result);
	}
	return is_good(&result) ? 0 : 1;
}

/* Takes the options off the words; false where they make no sense. */
static bool take_options(char *const **words, struct options *options)
{
	*options = (struct options){ .nr_runs = 1 };
	for (; (*words)[0] != NULL && (*words)[0][0] == '-'; ++*words) {
		const char *word = (*words)[0];

		if (strcmp(word, "-j") == 0 || strcmp(word, "--json") == 0) {
			options->json = true;
		} else if (strcmp(word, "-n") == 0 && (*words)[1] != NULL) {
			int nr_runs = atoi(*++*words);

			if (nr_runs < 1 || nr_runs > MOST_RUNS) {
				return false;
			}
			options->nr_runs = (unsigned int)nr_runs;
		} else {
			return false;
		}
	}
	return !(options->json && options->nr_runs > 1);
}

int cmd_attack(int argc, char *const argv[])
{
	char *const *words = argv + 1;
	struct options options;

	if (argc == 1) {
		return list_attacks();
	}
	if (!take_options(&words, &options) || words[0] == NULL) {
		return command_usage("attack");
	}
	if (strcmp(words[0], "all") == 0) {
		return options.json ? attack_all_json() : attack_all_table(&options);
	}
	return attack_one(words, &options);
}
