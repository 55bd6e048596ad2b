/* The shell's own commands: one table, from commands.def. */
#pragma once

#include <stddef.h>

struct command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *brief; /* one line */
	const char *help;  /* paragraphs */
	int (*run)(int argc, char *const argv[]);
};

extern const struct command commands[];
extern const size_t nr_commands;

/* The command of this name, or NULL. */
const struct command *command_find(const char *name);
/* Says how the command is used, on standard error; returns STATUS_USAGE. */
int command_usage(const char *name);

/* One function for each row of commands.def. */
#define COMMAND(name, usage, brief, help) int cmd_##name(int argc, char *const argv[]);
#include "commands.def"
#undef COMMAND
