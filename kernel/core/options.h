/*
 * Boot options, declared in abi/options.def. `options.NAME` holds the value in force;
 * only options_parse and options_force write it, while booting.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

#include "abi/option_values.h" /* generated: enum option_NAME { NAME_off, NAME_local, ... } */

enum { OPTIONS_CMD_BYTES = 1024 };

struct options {
#define OPTION(name, default_value, values, help, strength) enum option_##name name;
#include "abi/options.def"
#undef OPTION
	const char *cmd; /* cmd="...": the shell command to run instead of an interactive shell;
			    empty: none */
};

extern struct options options;

/*
 * Parses a command line: words separated by spaces, each NAME=VALUE; double and single quotes and
 * backslash as a shell takes them. Unknown names, unknown values and repeated names are reported
 * through log_print, the rest stays in force. Returns the number of words refused. The line must
 * stay.
 */
unsigned options_parse(const char *command_line);

/* The command line that options_parse was given. */
const char *options_line(void);

/*
 * Whether options_parse would take every one of these words, and each sets an option of the table.
 * Changes nothing and says nothing. EINVAL.
 */
status_t options_check(const char *words) MUST_CHECK;

/*
 * The value that options_parse would give to one option; false, and *value untouched, where the
 * line does not give it one. Changes nothing and says nothing.
 */
bool option_peek(const char *command_line, const char *name, unsigned *value);

/* What the machine cannot do is turned off, with a line saying so: the banner shows what is really
 * active. */
void options_force_off(const char *name, const char *reason);

/* The value in force of this option is told by a word elsewhere, which may change. Boot only. */
void options_show_instead(const char *name, const unsigned *value);

/* Prints the banner's option table. */
void options_print(void);

struct bw_option;
/* The row of the option at index, for the `option` system call. ENOENT past the last. */
status_t options_row(unsigned index, struct bw_option *out) MUST_CHECK;
