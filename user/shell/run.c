/* Runs the commands of a line, one after the other, as their connectors say. */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "parse.h"
#include "program.h"

static int last_status;
static char rest[COMMAND_LINE_MAX + 1];

int run_last_status(void) { return last_status; }

const char *run_rest(void) { return rest; }

/* Keeps what follows a command, as a line of its own. Behind && and || too: a reboot has no status.
 */
static void keep_rest(const char *line)
{
	line += strspn(line, " \t");
	snprintf(rest, sizeof(rest), *line != '\0' ? "%s\n" : "%s", line);
}

int run_words(int argc, char *const argv[])
{
	const struct command *command = command_find(argv[0]);
	int status;

	if (command != NULL) {
		status = command->run(argc, argv);
	} else {
		status = program_run(argv, PROGRAM_AS_USER);
	}
	fflush(stdout);
	return status;
}

static bool is_line_sound(const char *line)
{
	struct command_words words;
	const char *complaint;

	do {
		complaint = parse_command(&line, 0, &words);
		if (complaint != NULL) {
			fprintf(stderr, "sh: %s\n", complaint);
			return false;
		}
	} while (words.connector != CONNECT_END);
	return true;
}

static bool is_wanted(enum connector connector)
{
	return !(connector == CONNECT_IF_GOOD && last_status != 0) &&
	       !(connector == CONNECT_IF_BAD && last_status == 0);
}

int run_line(const char *line)
{
	struct command_words words = { .connector = CONNECT_ALWAYS };
	enum connector before;

	/* All of it, before any of it runs. */
	if (!is_line_sound(line)) {
		last_status = STATUS_USAGE;
		return last_status;
	}
	do {
		before = words.connector;
		if (parse_command(&line, last_status, &words) != NULL) {
			last_status = STATUS_USAGE;
			return last_status;
		}
		if (words.argc > 0 && is_wanted(before)) {
			keep_rest(line);
			last_status = run_words(words.argc, words.argv);
		}
	} while (words.connector != CONNECT_END);
	return last_status;
}
