/* The commands that any shell has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "program.h"
#include "run.h"

int cmd_true(int argc, char *const argv[])
{
	(void)argc;
	(void)argv;
	return 0;
}

int cmd_false(int argc, char *const argv[])
{
	(void)argc;
	(void)argv;
	return 1;
}

int cmd_echo(int argc, char *const argv[])
{
	for (int i = 1; i < argc; i++) {
		printf("%s%s", i > 1 ? " " : "", argv[i]);
	}
	putchar('\n');
	return 0;
}

int cmd_clear(int argc, char *const argv[])
{
	(void)argc;
	(void)argv;
	fputs("\x1b[H\x1b[2J", stdout);
	return 0;
}

int cmd_exit(int argc, char *const argv[])
{
	int status = run_last_status();

	if (argc > 1) {
		char *end;
		long number = strtol(argv[1], &end, 10);

		if (argc > 2 || *end != '\0' || end == argv[1] || number < 0 || number > 255) {
			return command_usage(argv[0]);
		}
		status = (int)number;
	}
	fflush(stdout);
	exit(status);
}

int cmd_quit(int argc, char *const argv[]) { return cmd_exit(argc, argv); }

int cmd_root(int argc, char *const argv[])
{
	if (argc < 2) {
		return command_usage("root");
	}
	return program_run(argv + 1, PROGRAM_AS_ROOT);
}
