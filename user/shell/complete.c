/* Tab completion. */
#include "complete.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "candidates.h"
#include "command.h"
#include "terminal.h"

/* Where the cursor is: the word before it, and the command that it belongs to. */
struct place {
	const char *command; /* its first word */
	const char *word;    /* what was typed of this one, behind an opening quote */
	const char *end;     /* the cursor */
	bool is_first;       /* this word is the first one */
};

/* Follows quotes, blanks and `;`, `&`, `|` from the line's begin to the cursor. */
static struct place find_place(const struct line *line)
{
	const char *end = line->text + line->cursor, *word = line->text, *command = NULL;
	char quote = '\0';

	for (const char *at = line->text; at < end; at++) {
		bool is_between = quote == '\0' && strchr(" \t;&|", *at) != NULL;

		if (quote != '\0' ? *at == quote : *at == '\'' || *at == '"') {
			word = quote == '\0' && at == word ? at + 1 : word;
			quote = quote == '\0' ? *at : '\0';
		}
		if (is_between) {
			command = *at == ' ' || *at == '\t' ? command : NULL;
			word = at + 1;
		} else if (command == NULL) {
			command = at;
		}
	}
	if (command == NULL) {
		command = word;
	}
	return (struct place){ command, word, end,
			       command + (*command == '\'' || *command == '"') >= word };
}

static size_t word_length(const char *text) { return strcspn(text, " \t;&|"); }

static bool is_word(const char *text, const char *word)
{
	return word_length(text) == strlen(word) && strncmp(text, word, strlen(word)) == 0;
}

static const char *next_word(const char *text)
{
	text += word_length(text);
	return text + strspn(text, " \t;&|");
}

/* True where the command has this word already. */
static bool is_given(const struct place *place, const char *word, size_t length)
{
	for (const char *at = place->command; at < place->word; at = next_word(at)) {
		if (word_length(at) == length && strncmp(at, word, length) == 0) {
			return true;
		}
	}
	return false;
}

/* The options that the command's page explains. */
static void offer_flags(struct candidates *candidates, const struct command *command)
{
	for (const char *at = command->options; at != NULL && *at != '\0';
	     at = strchr(at, '\n'), at += at != NULL) {
		if (*at == '-' && candidates->prefix[0] == '-') {
			size_t length = strcspn(at, " =\t");

			candidates_offer(candidates, at, length + (at[length] == '='));
		}
	}
}

/* Words of the synopsis: those in small letters stand for themselves, the others for a kind. */
static void offer_synopsis(struct candidates *candidates, const struct place *place,
			   const struct command *command)
{
	static const char between[] = "[]|. ";

	for (const char *at = command->usage; *at != '\0';) {
		size_t length = strcspn(at, between);

		if (isupper((unsigned char)*at)) {
			candidates_offer_kind(candidates, at, length);
		} else if (islower((unsigned char)*at) && !is_given(place, at, length)) {
			candidates_offer(candidates, at, length);
		}
		at += length;
		at += strspn(at, between);
	}
	offer_flags(candidates, command);
}

static const struct command *command_of(const char *text)
{
	for (size_t i = 0; i < nr_commands; i++) {
		if (is_word(text, commands[i].name)) {
			return &commands[i];
		}
	}
	return NULL;
}

static void offer_kind(struct candidates *candidates, const char *kind)
{
	candidates_offer_kind(candidates, kind, strlen(kind));
}

static void offer_all(struct candidates *candidates, struct place place)
{
	const struct command *command = command_of(place.command);

	/* a command that runs another one: that is what is being typed */
	while (!place.is_first && command != NULL && strstr(command->usage, "COMMAND...") != NULL &&
	       *next_word(place.command) != '-') {
		place.command = next_word(place.command);
		place.is_first = place.command >= place.word;
		command = command_of(place.command);
	}
	if (place.is_first) {
		offer_kind(candidates, "COMMAND");
		offer_kind(candidates, "PROGRAM");
	} else if (command != NULL) {
		offer_synopsis(candidates, &place, command);
	} else {
		offer_kind(candidates, "FILE");
	}
}

static size_t length_shared(const struct candidates *candidates)
{
	/* they are sorted: what the first and the last one share, all do */
	const char *first = candidates->names[0], *last = candidates->names[candidates->nr - 1];
	size_t length = 0;

	while (first[length] != '\0' && first[length] == last[length]) {
		length++;
	}
	return length;
}

static void list(const struct candidates *candidates)
{
	terminal_write("\n", 1);
	for (size_t i = 0; i < candidates->nr; i++) {
		bool is_last = i + 1 == candidates->nr;

		terminal_write(candidates->names[i], strlen(candidates->names[i]));
		terminal_write(is_last ? "\n" : "  ", is_last ? 1 : 2);
	}
}

static void complete_with(struct line *line, const struct candidates *candidates, size_t length)
{
	size_t shared = length_shared(candidates);
	const char *name = candidates->names[0];

	line_insert(line, name + length, shared - length);
	if (candidates->nr > 1 && shared == length) {
		list(candidates);
	} else if (candidates->nr == 1 && strchr("=/", name[shared - 1]) == NULL) {
		line_insert(line, " ", 1);
	}
}

void complete_line(struct line *line)
{
	struct place place = find_place(line);
	size_t length = (size_t)(place.end - place.word);
	char *prefix = strndup(place.word, length);
	struct candidates candidates = { .prefix = prefix };

	if (prefix == NULL) {
		return;
	}
	offer_all(&candidates, place);
	candidates_sort(&candidates);
	if (candidates.nr > 0) {
		complete_with(line, &candidates, length);
	}
	candidates_free(&candidates);
	free(prefix);
}
