/* The shell's own commands: one table, from commands.def. */
#pragma once

#include <stddef.h>

/* The texts are laid out as commands.def says; NULL where there is nothing to say. */
struct command {
	const char *name;
	int (*run)(int argc, char *const argv[]);
	const char *usage; /* what follows the name */
	const char *brief; /* one line */
	const char *description;
	const char *options;
	const char *status;
	const char *examples;
	const char *see;
};

extern const struct command commands[];
extern const size_t nr_commands;

/* The command of this name, or NULL. */
const struct command *command_find(const char *name);
/* Says how the command is used, on standard error; returns STATUS_USAGE. */
int command_usage(const char *name);

/* One function for each row of commands.def. */
#define COMMAND(name, ...) int cmd_##name(int argc, char *const argv[]);
#include "commands.def"
#undef COMMAND
