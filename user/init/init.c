/*
 * The first process. The kernel gives it the console as descriptors 0 to 2. It keeps a shell
 * running, buries orphans, and ends the machine with the shell's status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bulwark.h"

enum { COMMAND_MAX = 1024, EXIT_NO_SHELL = 127, STATUS_SIGNAL = 128 };

/*
 * A console that a person sits at is a vt100, near enough; one that a script reads is told nothing.
 */
static char *const person_environment[] = { "TERM=vt100", "PATH=/bin", NULL };
static char *const script_environment[] = { "PATH=/bin", NULL };

static pid_t start_shell(char *command)
{
	pid_t shell = fork();

	if (shell == 0) {
		char *with_command[] = { "sh", "-c", command, NULL };
		char *alone[] = { "sh", NULL };

		if (command[0] != '\0') {
			execve("/bin/sh", with_command, script_environment);
		} else {
			execve("/bin/sh", alone, person_environment);
		}
		_exit(EXIT_NO_SHELL);
	}
	return shell;
}

/* Blocks. Reaps whatever ends until that is the shell; the shell's wait status. */
static int wait_for(pid_t shell)
{
	int status;
	pid_t ended;

	do {
		ended = wait(&status);
	} while (ended != shell && ended > 0);
	return ended == shell ? status : EXIT_NO_SHELL << 8;
}

int main(void)
{
	static char command[COMMAND_MAX];
	long length = bw_boot_command(command, sizeof(command) - 1);
	int status;

	command[length > 0 ? length : 0] = '\0';
	for (;;) {
		status = wait_for(start_shell(command));
		if (WIFEXITED(status)) {
			bw_power_off(WEXITSTATUS(status));
		}
		if (command[0] != '\0') {
			bw_power_off(STATUS_SIGNAL + WTERMSIG(status));
		}
		puts("init: the shell died; here is a new one");
	}
}
