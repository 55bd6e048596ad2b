/*
 * What an attack must end in, from its row, the options in force and the machine: the one place
 * that knows.
 *
 * A row's stopped_by is a list of alternatives, of which one that holds is enough. An alternative
 * is one condition "option=value,value" or "option!=value", or several joined by '&' that must all
 * hold. A row that names vuln makes no vulnerable call; to all others vuln=off denies theirs.
 */
#include "attack_run.h"

#include <stdio.h>
#include <string.h>

#include "attack.h"

/* One condition, taken apart. The values keep their commas. */
struct condition {
	char option[BW_NAME_MAX];
	bool is_negated; /* "!=": holds where the value is none of these */
	char values[64];
	bool is_last; /* of its alternative */
};

/* Takes the next condition off the text; false at its end. */
static bool condition_next(const char **text, struct condition *condition)
{
	char operator[3];
	int length = 0;

	if (sscanf(*text, " %31[^!= ]%2[!=]%63[^ &]%n", condition->option, operator,
		   condition->values, &length) < 3) {
		return false;
	}
	condition->is_negated = operator[0] == '!';
	*text += length;
	condition->is_last = **text != '&';
	*text += !condition->is_last;
	return true;
}

/* True where `value` is one of the values in `list`, which `separator` divides. */
static bool list_has(const char *list, char separator, const char *value)
{
	size_t length = strlen(value);

	for (const char *item = list; item != NULL; item = strchr(item, separator)) {
		item += *item == separator;
		if (strncmp(item, value, length) == 0 &&
		    (item[length] == separator || item[length] == '\0')) {
			return true;
		}
	}
	return false;
}

static bool holds_with(const struct condition *condition, const char *value)
{
	return list_has(condition->values, ',', value) != condition->is_negated;
}

/*
 * The next alternative: does it hold now? Names the option of its last condition, and the value in
 * force. False: there is none left.
 */
static bool alternative_next(const char **text, bool *holds, struct bw_option *last)
{
	struct condition condition;

	*holds = true;
	do {
		if (!condition_next(text, &condition)) {
			return false;
		}
		*holds = bw_option_find(condition.option, last) == 0 &&
			 holds_with(&condition, last->value) && *holds;
	} while (!condition.is_last);
	return true;
}

/* Does an alternative hold? Then its last condition's option, with the value in force. */
static bool is_stopped(const struct attack_row *row, struct bw_option *stopper)
{
	const char *text = row->stopped_by;
	bool holds;

	while (alternative_next(&text, &holds, stopper)) {
		if (holds) {
			return true;
		}
	}
	return false;
}

/* The rows of needs.def. */
struct attack_need {
	const char *attack, *option, *value, *why;
	enum { NEED_ALWAYS, NEED_OTHER, NEED_TO_WIN } kind;
};

static const struct attack_need needs[] = {
#define NEED(attack, option, value, why) { #attack, #option, #value, why, NEED_ALWAYS },
#define NEED_NOT(attack, option, value, why) { #attack, #option, #value, why, NEED_OTHER },
#define NEED_TO_WIN(attack, option, value, why) { #attack, #option, #value, why, NEED_TO_WIN },
#include "../attacks/needs.def"
#undef NEED
#undef NEED_NOT
#undef NEED_TO_WIN
};

enum { NR_NEEDS = sizeof(needs) / sizeof(needs[0]) };

/* With the option's value in force. */
static bool is_lacking(const struct attack_need *need, const struct attack_row *row,
		       const char *value)
{
	bool is_it = strcmp(value, need->value) == 0;
	struct bw_option stopper;

	switch (need->kind) {
	case NEED_ALWAYS: return !is_it;
	case NEED_OTHER: return is_it;
	case NEED_TO_WIN: return !is_it && !is_stopped(row, &stopper);
	}
	return false;
}

const char *attack_lacks(const struct attack_row *row, struct bw_option *option)
{
	for (size_t i = 0; i < NR_NEEDS; i++) {
		if (strcmp(needs[i].attack, row->name) == 0 && bw_option_is("vuln", "on") &&
		    bw_option_find(needs[i].option, option) == 0 &&
		    is_lacking(&needs[i], row, option->value)) {
			return needs[i].why;
		}
	}
	return NULL;
}

static void expect_skip(struct attack_expectation *expectation, const struct bw_option *option)
{
	expectation->outcome = OUTCOME_SKIP;
	snprintf(expectation->stopped_by, sizeof(expectation->stopped_by), "%s=%s", option->name,
		 option->value);
}

void attack_expect(const struct attack_row *row, struct attack_expectation *expectation)
{
	struct bw_option option;

	*expectation = (struct attack_expectation){ .outcome = OUTCOME_BREACH };
	if (!bw_option_is("vuln", "on") && strstr(row->stopped_by, "vuln=") == NULL) {
		expectation->outcome = OUTCOME_DENIED;
		strcpy(expectation->stopped_by, "vuln=off");
		return;
	}
	if (attack_nr_cpus() < row->nr_cpus) {
		expectation->outcome = OUTCOME_SKIP;
		snprintf(expectation->stopped_by, sizeof(expectation->stopped_by), "SMP=%u",
			 attack_nr_cpus());
		return;
	}
	if (attack_lacks(row, &option) != NULL) {
		expect_skip(expectation, &option);
		return;
	}
	if (is_stopped(row, &option)) {
		expectation->outcome = row->when_stopped;
		snprintf(expectation->stopped_by, sizeof(expectation->stopped_by), "%s=%s",
			 option.name, option.value);
	}
}

/* The first of the option's values with which the condition does not hold. */
static bool value_that_lets_through(const struct condition *condition, char *value,
				    size_t size_bytes)
{
	struct bw_option option;

	if (bw_option_find(condition->option, &option) != 0) {
		return false;
	}
	for (char *item = strtok(option.values, "|"); item != NULL; item = strtok(NULL, "|")) {
		if (!holds_with(condition, item)) {
			snprintf(value, size_bytes, "%s", item);
			return true;
		}
	}
	return false;
}

/* What the attack needs beside what the text has already. */
static size_t append_needs(const struct attack_row *row, char *text, size_t size_bytes, size_t used)
{
	char word[2 * BW_NAME_MAX + 3];

	for (size_t i = 0; i < NR_NEEDS && used < size_bytes; i++) {
		if (needs[i].kind != NEED_TO_WIN || strcmp(needs[i].attack, row->name) != 0) {
			continue;
		}
		snprintf(word, sizeof(word), "%s=%s ", needs[i].option, needs[i].value);
		if (strstr(text, word) == NULL) {
			used += (size_t)snprintf(text + used, size_bytes - used, "%s", word);
		}
	}
	return used;
}

/* With this value it is a SKIP. */
static bool is_needed_not(const struct attack_row *row, const char *option, const char *value)
{
	for (size_t i = 0; i < NR_NEEDS; i++) {
		if (needs[i].kind == NEED_OTHER && strcmp(needs[i].attack, row->name) == 0 &&
		    strcmp(needs[i].option, option) == 0 && strcmp(needs[i].value, value) == 0) {
			return true;
		}
	}
	return false;
}

/* Each option once: what lets an attack through one alternative does so for the next, too. */
bool attack_options_to_succeed(const struct attack_row *row, char *text, size_t size_bytes)
{
	const char *rest = row->stopped_by;
	struct condition condition;
	char words[BW_NAME_MAX + 2], value[BW_NAME_MAX];
	size_t used = 0;
	bool is_first = true;

	text[0] = '\0';
	while (condition_next(&rest, &condition)) {
		snprintf(words, sizeof(words), "%s=", condition.option);
		if (is_first && strstr(text, words) == NULL && used < size_bytes) {
			if (!value_that_lets_through(&condition, value, sizeof(value)) ||
			    is_needed_not(row, condition.option, value)) {
				return false;
			}
			used += (size_t)snprintf(text + used, size_bytes - used, "%s%s ", words,
						 value);
		}
		is_first = condition.is_last;
	}
	used = append_needs(row, text, size_bytes, used);
	if (used < size_bytes) {
		snprintf(text + used, size_bytes - used, "vuln=on");
	}
	return used < size_bytes;
}
