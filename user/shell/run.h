/* Running a command line. */
#pragma once

enum {
	STATUS_USAGE = 2, /* the command line makes no sense */
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* plus the signal's number */
};

/* Blocks. Runs all commands of the line; the status of the last one that ran. */
int run_line(const char *line);
/* Blocks. Runs one command, of these words; its status. argv ends in NULL. */
int run_words(int argc, char *const argv[]);
/* What follows the command that runs on its line, ended by \n; "" where nothing does. */
const char *run_rest(void);
/* The status of the last command. */
int run_last_status(void);
