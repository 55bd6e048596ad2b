/*
 * Bulwark's shell: the operator at the console.
 *
 * usage: sh [-c COMMANDS]
 */
#include <stdio.h>
#include <string.h>

#include "edit.h"
#include "history.h"
#include "parse.h"
#include "run.h"
#include "terminal.h"

static const char prompt[] = "bulwark# ";

static int run_console(void)
{
	char text[COMMAND_LINE_MAX];

	if (terminal_is_interactive()) {
		puts("Welcome to Bulwark. `help` lists the commands, `attack` the attacks; "
		     "`exit` ends.");
	}
	for (;;) {
		switch (edit_read(prompt, text, sizeof(text))) {
		case EDIT_LINE:
			history_add(text);
			run_line(text);
			break;
		case EDIT_INTERRUPTED: break;
		case EDIT_END: return run_last_status();
		}
	}
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "-c") == 0) {
		return run_line(argv[2]);
	}
	if (argc != 1) {
		fprintf(stderr, "usage: sh [-c COMMANDS]\n");
		return STATUS_USAGE;
	}
	return run_console();
}
