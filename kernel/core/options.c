/* Boot options: one row per option, generated from abi/options.def. */
#include "core/options.h"

#include "abi/bulwark.h"
#include "core/cmdline_token.h"
#include "core/log.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"

#define CMD_PREFIX "cmd="

enum {
	CMD_PREFIX_LEN = sizeof(CMD_PREFIX) - 1,
	WORD_BYTES = CMD_PREFIX_LEN + OPTIONS_CMD_BYTES,
	SHOWN_BYTES = 64, /* of a refused word */
	NAME_WIDTH = 9,
	VALUE_WIDTH = 9,
};

#define OPTION(name, default_value, values, help, strength)                                        \
	static_assert(sizeof(#name) - 1 <= NAME_WIDTH, "the banner has columns");
#include "abi/options.def"
#undef OPTION

enum option_index {
#define OPTION(name, default_value, values, help, strength) OPTION_##name,
#include "abi/options.def"
#undef OPTION
	NR_OPTIONS,
	OPTION_cmd = NR_OPTIONS,
	OPTION_NONE,
};

struct row {
	const char *name;
	const char *values; /* "off|local|sync": the index of a value is its number */
	const char *help;
	unsigned *value;
};

/* Until main.c has a sealed place for it. */
RO_AFTER_INIT static char command[OPTIONS_CMD_BYTES];

RO_AFTER_INIT struct options options = {
	.cmd = "",
#define OPTION(name, default_value, values, help, strength) .name = name##_##default_value,
#include "abi/options.def"
#undef OPTION
};

static const struct row rows[NR_OPTIONS] = {
#define OPTION(name, default_value, values, help, strength)                                        \
	{ #name, values, help, (unsigned *)&options.name },
#include "abi/options.def"
#undef OPTION
};

/* What options_parse was given: the caller's, for good. */
static RO_AFTER_INIT const char *line_in_force = "";

/* Of options that a running system can change: where their value is now. */
static RO_AFTER_INIT const unsigned *shown_instead[NR_OPTIONS];

static unsigned value_in_force(unsigned index)
{
	return shown_instead[index] ? *shown_instead[index] : *rows[index].value;
}

#define OPTION(name, default_value, values, help, strength)                                        \
	static_assert(sizeof(enum option_##name) == sizeof(unsigned), "rows point at unsigned");
#include "abi/options.def"
#undef OPTION

/* The value at index, as text that ends at '|' or '\0'; NULL past the last. */
static const char *value_text(const struct row *row, unsigned index, size_t *len)
{
	const char *text = row->values;
	const char *end = strchr(text, '|');

	while (index-- > 0) {
		if (!end) {
			return NULL;
		}
		text = end + 1;
		end = strchr(text, '|');
	}
	*len = end ? (size_t)(end - text) : strlen(text);
	return text;
}

static bool find_value(const struct row *row, const char *wanted, unsigned *out)
{
	size_t wanted_len = strlen(wanted);
	const char *text;
	size_t len;

	for (unsigned i = 0; (text = value_text(row, i, &len)); i++) {
		if (len == wanted_len && !strncmp(text, wanted, len)) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* name_len bytes of name */
static enum option_index find_option(const char *name, size_t name_len)
{
	for (unsigned i = 0; i < NR_OPTIONS; i++) {
		if (strlen(rows[i].name) == name_len && !strncmp(rows[i].name, name, name_len)) {
			return i;
		}
	}
	if (name_len == CMD_PREFIX_LEN - 1 && !strncmp(name, CMD_PREFIX, name_len)) {
		return OPTION_cmd;
	}
	return OPTION_NONE;
}

/* Control characters in the word must not reach the terminal. */
static void refuse(const char *word, const char *reason, const char *detail)
{
	char shown[SHOWN_BYTES];

	string_copy(shown, word, sizeof(shown));
	for (char *at = shown; *at != '\0'; at++) {
		if (*at < ' ' || *at > '~') {
			*at = '?';
		}
	}
	log_print("bulwark: boot option '%s' refused: %s%s\n", shown, reason, detail);
}

/* Returns whether the word was accepted. `seen` holds one bit per option that was given already. */
static bool apply(const char *word, unsigned *seen)
{
	const char *equals = strchr(word, '=');
	enum option_index index =
		find_option(word, equals ? (size_t)(equals - word) : strlen(word));

	if (index == OPTION_NONE) {
		refuse(word, "there is no such option", "");
		return false;
	}
	if (!equals) {
		refuse(word, "it needs =VALUE", "");
		return false;
	}
	if (*seen & 1u << index) {
		refuse(word, "it was given before, and the first one holds", "");
		return false;
	}
	if (index == OPTION_cmd) {
		string_copy(command, equals + 1, sizeof(command));
		options.cmd = command;
	} else if (!find_value(&rows[index], equals + 1, rows[index].value)) {
		refuse(word, "its values are ", rows[index].values);
		return false;
	}
	*seen |= 1u << index;
	return true;
}

unsigned options_parse(const char *command_line)
{
	char word[WORD_BYTES];
	unsigned seen = 0;
	unsigned nr_refused = 0;

	static_assert(OPTION_NONE < 32, "one bit per option");
	line_in_force = command_line;
	for (;;) {
		switch (cmdline_token_next(&command_line, word, sizeof(word))) {
		case TOKEN_FOUND: nr_refused += !apply(word, &seen); break;
		case TOKEN_TOO_LONG:
			refuse(word, "it is too long", "");
			nr_refused++;
			break;
		case TOKEN_UNTERMINATED:
			refuse(word, "a quote is not closed", "");
			nr_refused++;
			break;
		case TOKEN_END: return nr_refused;
		}
	}
}

const char *options_line(void) { return line_in_force; }

status_t options_check(const char *words)
{
	enum cmdline_token_result result;
	char word[WORD_BYTES];
	unsigned seen = 0, value;

	while ((result = cmdline_token_next(&words, word, sizeof(word))) != TOKEN_END) {
		const char *equals = strchr(word, '=');
		enum option_index index =
			equals ? find_option(word, (size_t)(equals - word)) : OPTION_NONE;

		if (result != TOKEN_FOUND || index >= NR_OPTIONS || seen & 1u << index ||
		    !find_value(&rows[index], equals + 1, &value)) {
			return STATUS_EINVAL;
		}
		seen |= 1u << index;
	}
	return STATUS_OK;
}

bool option_peek(const char *command_line, const char *name, unsigned *value)
{
	enum option_index wanted = find_option(name, strlen(name));
	enum cmdline_token_result result;
	char word[WORD_BYTES];

	assert(wanted < NR_OPTIONS);
	while ((result = cmdline_token_next(&command_line, word, sizeof(word))) != TOKEN_END) {
		const char *equals = strchr(word, '=');

		if (result == TOKEN_FOUND && equals &&
		    find_option(word, (size_t)(equals - word)) == wanted &&
		    find_value(&rows[wanted], equals + 1, value)) {
			return true;
		}
	}
	return false;
}

void options_force_off(const char *name, const char *reason)
{
	enum option_index index = find_option(name, strlen(name));
	unsigned off = 0;
	bool has_off;

	assert(index < NR_OPTIONS);
	has_off = find_value(&rows[index], "off", &off);
	assert(has_off);
	if (has_off && *rows[index].value != off) {
		*rows[index].value = off;
		log_print("bulwark: %s=off: %s\n", name, reason);
	}
}

void options_show_instead(const char *name, const unsigned *value)
{
	enum option_index index = find_option(name, strlen(name));

	assert(index < NR_OPTIONS);
	shown_instead[index] = value;
}

void options_print(void)
{
	for (unsigned i = 0; i < NR_OPTIONS; i++) {
		size_t len = 0;
		const char *text = value_text(&rows[i], value_in_force(i), &len);

		log_print("bulwark:   %-*s %-*.*s  of %s\n", NAME_WIDTH, rows[i].name, VALUE_WIDTH,
			  (int)len, text, rows[i].values);
	}
}

status_t options_row(unsigned index, struct bw_option *out)
{
	size_t len = 0;
	const char *text;

	if (index >= NR_OPTIONS) {
		return STATUS_ENOENT;
	}
	text = value_text(&rows[index], value_in_force(index), &len);
	*out = (struct bw_option){ 0 };
	format(out->value, sizeof(out->value), "%.*s", (int)len, text);
	string_copy(out->name, rows[index].name, sizeof(out->name));
	string_copy(out->values, rows[index].values, sizeof(out->values));
	string_copy(out->help, rows[index].help, sizeof(out->help));
	return STATUS_OK;
}
