/* What a word can become: the names that the shell and the kernel know. */
#include "candidates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack_run.h"
#include "command.h"
#include "explain.h"
#include "program.h"

enum { FIRST_ROOM = 64 };

void candidates_offer(struct candidates *candidates, const char *text, size_t length)
{
	size_t prefix_length = strlen(candidates->prefix);
	char *copy;

	if (length < prefix_length || memcmp(text, candidates->prefix, prefix_length) != 0) {
		return;
	}
	if (candidates->nr == candidates->room) {
		size_t room = candidates->room == 0 ? FIRST_ROOM : candidates->room * 2;
		char **names = realloc(candidates->names, room * sizeof(*names));

		if (names == NULL) {
			return;
		}
		candidates->names = names;
		candidates->room = room;
	}
	copy = strndup(text, length);
	if (copy != NULL) {
		candidates->names[candidates->nr++] = copy;
	}
}

static void offer_name(struct candidates *candidates, const char *name)
{
	candidates_offer(candidates, name, strlen(name));
}

static void offer_commands(struct candidates *candidates)
{
	for (size_t i = 0; i < nr_commands; i++) {
		offer_name(candidates, commands[i].name);
	}
}

static void offer_files(struct candidates *candidates)
{
	struct bw_archive_entry entry;

	for (unsigned int i = 0; bw_archive_entry(i, &entry) >= 0; i++) {
		offer_name(candidates, entry.name);
	}
}

/* Programs whose name begins so, without that. */
static void offer_programs_behind(struct candidates *candidates, const char *begin)
{
	struct bw_archive_entry entry;

	for (unsigned int i = 0; bw_archive_entry(i, &entry) >= 0; i++) {
		const char *name = program_name(&entry);

		if (name != NULL && strncmp(name, begin, strlen(begin)) == 0) {
			offer_name(candidates, name + strlen(begin));
		}
	}
}

static void offer_programs(struct candidates *candidates) { offer_programs_behind(candidates, ""); }

static void offer_tests(struct candidates *candidates) { offer_programs_behind(candidates, "t_"); }

static void offer_attacks(struct candidates *candidates)
{
	for (size_t i = 0; i < attack_count(); i++) {
		offer_name(candidates, attack_at(i)->name);
	}
}

static void offer_benchmarks(struct candidates *candidates)
{
#define BENCH(program, name, brief) offer_name(candidates, #name);
#include "bench/benches.def"
#undef BENCH
}

/* Each with each of its values. */
static void offer_options(struct candidates *candidates)
{
	struct bw_option option;

	for (unsigned int i = 0; bw_option(i, &option) >= 0; i++) {
		for (char *value = strtok(option.values, "|"); value != NULL;
		     value = strtok(NULL, "|")) {
			char word[sizeof(option.name) + sizeof(option.values)];

			snprintf(word, sizeof(word), "%s=%s", option.name, value);
			offer_name(candidates, word);
		}
	}
}

static void offer_symbols(struct candidates *candidates)
{
	struct bw_symbol symbol;

	for (unsigned int i = 0; bw_symbol(i, &symbol) >= 0; i++) {
		offer_name(candidates, symbol.name);
	}
}

void candidates_offer_kind(struct candidates *candidates, const char *kind, size_t length)
{
	static const struct {
		const char *kind;
		void (*offer)(struct candidates *candidates);
	} kinds[] = {
		{ "COMMAND", offer_commands },     { "PROGRAM", offer_programs },
		{ "ATTACK", offer_attacks },       { "PATTERN", offer_attacks },
		{ "TEST", offer_tests },           { "BENCHMARK", offer_benchmarks },
		{ "FILE", offer_files },           { "PATH", offer_files },
		{ "OPTION=VALUE", offer_options }, { "ADDRESS", offer_symbols },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].kind) == length && memcmp(kinds[i].kind, kind, length) == 0) {
			kinds[i].offer(candidates);
		}
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void candidates_sort(struct candidates *candidates)
{
	size_t nr = 0;

	if (candidates->nr == 0) {
		return;
	}
	qsort(candidates->names, candidates->nr, sizeof(candidates->names[0]), compare);
	for (size_t i = 0; i < candidates->nr; i++) {
		char *name = candidates->names[i];

		if (nr > 0 && strcmp(name, candidates->names[nr - 1]) == 0) {
			free(name);
		} else {
			candidates->names[nr++] = name;
		}
	}
	candidates->nr = nr;
}

void candidates_free(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->nr; i++) {
		free(candidates->names[i]);
	}
	free(candidates->names);
}
