/* Tab completion. */
#include "complete.h"

#include <stdio.h>
#include <string.h>

#include "attack_run.h"
#include "command.h"
#include "explain.h"
#include "program.h"
#include "terminal.h"

enum { MAX_CANDIDATES = 64 };

/* The names that begin with a given prefix. */
struct candidates {
	char prefix[BW_NAME_MAX];
	size_t nr;
	char names[MAX_CANDIDATES][BW_NAME_MAX];
};

static void offer(struct candidates *candidates, const char *name)
{
	if (strncmp(name, candidates->prefix, strlen(candidates->prefix)) != 0 ||
	    candidates->nr == MAX_CANDIDATES || strlen(name) >= BW_NAME_MAX) {
		return;
	}
	for (size_t i = 0; i < candidates->nr; i++) {
		if (strcmp(candidates->names[i], name) == 0) {
			return;
		}
	}
	strcpy(candidates->names[candidates->nr++], name);
}

static void offer_commands(struct candidates *candidates)
{
	for (size_t i = 0; i < nr_commands; i++) {
		offer(candidates, commands[i].name);
	}
}

static void offer_programs(struct candidates *candidates)
{
	struct bw_archive_entry entry;

	for (unsigned int i = 0; bw_archive_entry(i, &entry) >= 0; i++) {
		const char *name = program_name(&entry);

		if (name != NULL) {
			offer(candidates, name);
		}
	}
}

static void offer_attacks(struct candidates *candidates)
{
	for (size_t i = 0; i < attack_count(); i++) {
		offer(candidates, attack_at(i)->name);
	}
	offer(candidates, "all");
}

/* The kernel's functions; not all of them for no letter at all. */
static void offer_symbols(struct candidates *candidates)
{
	struct bw_symbol symbol;

	for (unsigned int i = 0; candidates->prefix[0] != '\0' && bw_symbol(i, &symbol) >= 0; i++) {
		offer(candidates, symbol.name);
	}
}

/* Who may stand at the word that starts at `start`. */
static void offer_all(struct candidates *candidates, const struct line *line, size_t start)
{
	const char *first = line->text + strspn(line->text, " ");

	if (first >= line->text + start) {
		offer_commands(candidates);
		offer_programs(candidates);
	} else if (strncmp(first, "attack ", 7) == 0) {
		offer_attacks(candidates);
	} else if (strncmp(first, "help ", 5) == 0) {
		offer_commands(candidates);
	} else if (strncmp(first, "root ", 5) == 0) {
		offer_programs(candidates);
	} else if (strncmp(first, "why ", 4) == 0) {
		offer_symbols(candidates);
	}
}

static size_t length_shared(const struct candidates *candidates)
{
	size_t length = strlen(candidates->names[0]);

	for (size_t i = 1; i < candidates->nr; i++) {
		size_t same = 0;

		while (same < length && candidates->names[i][same] == candidates->names[0][same]) {
			same++;
		}
		length = same;
	}
	return length;
}

static void list(const struct candidates *candidates)
{
	terminal_write("\n", 1);
	for (size_t i = 0; i < candidates->nr; i++) {
		terminal_write(candidates->names[i], strlen(candidates->names[i]));
		terminal_write(i + 1 < candidates->nr ? "  " : "\n",
			       i + 1 < candidates->nr ? 2 : 1);
	}
}

void complete_line(struct line *line)
{
	static struct candidates candidates;
	size_t start = line->cursor;

	while (start > 0 && line->text[start - 1] != ' ') {
		start--;
	}

	size_t length = line->cursor - start;

	if (length >= sizeof(candidates.prefix)) {
		return;
	}
	memcpy(candidates.prefix, line->text + start, length);
	candidates.prefix[length] = '\0';
	candidates.nr = 0;
	offer_all(&candidates, line, start);
	if (candidates.nr == 0) {
		return;
	}

	size_t shared = length_shared(&candidates);

	line_insert(line, candidates.names[0] + length, shared - length);
	if (candidates.nr == 1) {
		line_insert(line, " ", 1);
	} else if (shared == length) {
		list(&candidates);
	}
}
