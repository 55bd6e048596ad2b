/*
 * What an attack must end in, from its row, the options in force and the machine: the one place
 * that knows.
 *
 * A row's stopped_by is a list of alternatives "option=value,value option!=value"; one that holds
 * is enough.
 */
#include "attack_run.h"

#include <stdio.h>
#include <string.h>

#include "attack.h"

/* One alternative, taken apart. The values keep their commas. */
struct alternative {
	char option[BW_NAME_MAX];
	bool is_negated; /* "!=": in force where the value is none of these */
	char values[64];
};

/* Takes the next alternative off the text; false at its end. */
static bool alternative_next(const char **text, struct alternative *alternative)
{
	char operator[3];
	int length = 0;

	if (sscanf(*text, " %31[^!= ]%2[!=]%63[^ ]%n", alternative->option, operator,
		   alternative->values, &length) < 3) {
		return false;
	}
	alternative->is_negated = operator[0] == '!';
	*text += length;
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

static bool is_stopped_with(const struct alternative *alternative, const char *value)
{
	return list_has(alternative->values, ',', value) != alternative->is_negated;
}

void attack_expect(const struct attack_row *row, struct attack_expectation *expectation)
{
	const char *text = row->stopped_by;
	struct alternative alternative;
	struct bw_option option;

	*expectation = (struct attack_expectation){ .outcome = OUTCOME_BREACH };
	if (!bw_option_is("vuln", "on")) {
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
	while (alternative_next(&text, &alternative)) {
		if (bw_option_find(alternative.option, &option) == 0 &&
		    is_stopped_with(&alternative, option.value)) {
			expectation->outcome = row->when_stopped;
			snprintf(expectation->stopped_by, sizeof(expectation->stopped_by), "%s=%s",
				 option.name, option.value);
			return;
		}
	}
}

/* The first of the option's values with which the attack goes through. */
static bool value_that_lets_through(const struct alternative *alternative, char *value,
				    size_t size_bytes)
{
	struct bw_option option;

	if (bw_option_find(alternative->option, &option) != 0) {
		return false;
	}
	for (char *item = strtok(option.values, "|"); item != NULL; item = strtok(NULL, "|")) {
		if (!is_stopped_with(alternative, item)) {
			snprintf(value, size_bytes, "%s", item);
			return true;
		}
	}
	return false;
}

void attack_options_to_succeed(const struct attack_row *row, char *text, size_t size_bytes)
{
	const char *rest = row->stopped_by;
	struct alternative alternative;
	char value[BW_NAME_MAX];
	size_t used = 0;

	text[0] = '\0';
	while (alternative_next(&rest, &alternative)) {
		if (value_that_lets_through(&alternative, value, sizeof(value)) &&
		    used < size_bytes) {
			used += (size_t)snprintf(text + used, size_bytes - used, "%s=%s ",
						 alternative.option, value);
		}
	}
	if (used < size_bytes) {
		snprintf(text + used, size_bytes - used, "vuln=on");
	}
}
