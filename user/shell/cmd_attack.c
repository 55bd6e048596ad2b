/* The command that runs attacks. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack_run.h"
#include "colour.h"
#include "command.h"
#include "near.h"
#include "run.h"

enum { NAME_COLUMNS = 18, WORD_COLUMNS = 10, MOST_RUNS = 1000000 };

/* What the command line asks for. */
struct options {
	bool json;
	unsigned int nr_runs;
};

/* What comes from the folder given as EXTRA stands apart. */
static void head_extras(size_t index)
{
	if (attack_is_extra(index) && (index == 0 || !attack_is_extra(index - 1))) {
		printf("\nfrom EXTRA:\n");
	}
}

static int list_attacks(void)
{
	for (size_t i = 0; i < attack_count(); i++) {
		head_extras(i);
		printf("  %-*s %s\n", NAME_COLUMNS, attack_at(i)->name, attack_at(i)->brief);
	}
	printf("\n`attack NAME` runs one, `attack all` runs them all.\n");
	return 0;
}

static void print_row(const struct attack_result *result)
{
	printf("%-*s%s%-*s%s%-*s%s", NAME_COLUMNS, result->name,
	       colour(attack_outcome_colour(result->outcome)), WORD_COLUMNS,
	       attack_outcome_name(result->outcome), colour(COLOUR_NONE), WORD_COLUMNS,
	       attack_expected_name(result), attack_stopper(result));
	if (result->nr_tries > 1) {
		printf("  (%u tries)", result->nr_tries);
	}
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
		if (!attack_is_good(result)) {
			printf("%s: run %u of %u is not as expected\n", argv[0], i,
			       options->nr_runs);
			return;
		}
	}
	attack_run(argv, voice, result);
}

/* True where one of the patterns fits the name, or there is none. */
static bool is_wanted(const char *name, char *const patterns[])
{
	if (patterns[0] == NULL) {
		return true;
	}
	for (; patterns[0] != NULL; patterns++) {
		if (fnmatch(patterns[0], name, 0) == 0) {
			return true;
		}
	}
	return false;
}

static const char *name_at(size_t index) { return attack_at(index)->name; }

static int refuse(const char *what, const char *name)
{
	fprintf(stderr, "attack: %s `%s`", what, name);
	near_say(name, name_at, attack_count());
	fputs(" `attack` lists the attacks\n", stderr);
	return STATUS_USAGE;
}

/* The first pattern that fits no attack, or NULL. */
static const char *stray_pattern(char *const patterns[])
{
	for (; patterns[0] != NULL; patterns++) {
		char *const one[] = { patterns[0], NULL };
		size_t i = 0;

		while (i < attack_count() && !is_wanted(name_at(i), one)) {
			i++;
		}
		if (i == attack_count()) {
			return patterns[0];
		}
	}
	return NULL;
}

static void print_summary(size_t nr_run, size_t nr_good, const bool is_skipped[])
{
	size_t nr_skipped = 0;

	for (size_t i = 0; i < attack_count(); i++) {
		nr_skipped += is_skipped[i];
	}
	printf("%zu attacks, %zu as expected, %zu not, %zu skipped", nr_run, nr_good,
	       nr_run - nr_good, nr_skipped);
	for (size_t i = 0, nr_named = 0; i < attack_count(); i++) {
		if (is_skipped[i]) {
			printf("%s %s", nr_named++ == 0 ? ":" : ",", name_at(i));
		}
	}
	putchar('\n');
}

static int attack_all_table(const struct options *options, char *const patterns[])
{
	static struct attack_result result;
	bool *is_skipped = calloc(attack_count(), sizeof(*is_skipped));
	size_t nr_run = 0, nr_good = 0;

	if (is_skipped == NULL) {
		perror("attack");
		return 1;
	}

	printf("%-*s%-*s%-*s%s\n", NAME_COLUMNS, "attack", WORD_COLUMNS, "outcome", WORD_COLUMNS,
	       "expected", "stopped by");
	for (size_t i = 0; i < attack_count(); i++) {
		char *const argv[] = { (char *)attack_at(i)->name, NULL };

		if (!is_wanted(argv[0], patterns)) {
			continue;
		}
		head_extras(i);
		run_repeatedly(argv, options, ATTACK_QUIET, &result);
		print_row(&result);
		nr_run++;
		nr_good += attack_is_good(&result);
		is_skipped[i] = result.outcome == OUTCOME_SKIP;
	}
	print_summary(nr_run, nr_good, is_skipped);
	free(is_skipped);
	return nr_good == nr_run ? 0 : 1;
}

static int attack_all_json(const struct options *options, char *const patterns[])
{
	static struct attack_result result;
	bool all_good = true;
	const char *between = "";

	puts("[");
	for (size_t i = 0; i < attack_count(); i++) {
		char *const argv[] = { (char *)attack_at(i)->name, NULL };

		if (!is_wanted(argv[0], patterns)) {
			continue;
		}
		fputs(between, stdout);
		all_good = attack_run_json(argv, options->nr_runs, &result) && all_good;
		between = ",\n";
	}
	puts("\n]");
	return all_good ? 0 : 1;
}

static bool is_pattern(const char *word) { return strpbrk(word, "*?[") != NULL; }

/* Those of the table that one of the patterns fits, or all. */
static int attack_many(char *const patterns[], const struct options *options)
{
	const char *stray = stray_pattern(patterns);

	if (stray != NULL) {
		return refuse("no attack fits", stray);
	}
	return options->json ? attack_all_json(options, patterns)
			     : attack_all_table(options, patterns);
}

static int attack_one(char *const argv[], const struct options *options)
{
	static struct attack_result result;
	char path[128];

	snprintf(path, sizeof(path), "bin/%s", argv[0]);
	if (attack_row_find(argv[0]) == NULL && !bw_archive_has(path)) {
		return refuse("no attack or program", argv[0]);
	}
	if (options->json) {
		bool all_good = attack_run_json(argv, options->nr_runs, &result);

		putchar('\n');
		return all_good ? 0 : 1;
	}
	run_repeatedly(argv, options, ATTACK_ALOUD, &result);
	attack_print(&result);
	return attack_is_good(&result) ? 0 : 1;
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
	return true;
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
		return attack_many(words + 1, &options);
	}
	return is_pattern(words[0]) ? attack_many(words, &options) : attack_one(words, &options);
}
