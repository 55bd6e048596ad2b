/* The table of the shell's commands. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "run.h"

#define COMMAND(command, ...) { #command, cmd_##command, __VA_ARGS__ },
const struct command commands[] = {
#include "commands.def"
};
#undef COMMAND

const size_t nr_commands = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < nr_commands; i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

int command_usage(const char *name)
{
	const struct command *command = command_find(name);

	fprintf(stderr, "usage: %s %s\n", command->name, command->usage);
	return STATUS_USAGE;
}
