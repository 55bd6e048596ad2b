/*
 * The first process. The kernel gives it the console as descriptors 0 to 2. It keeps a shell
 * running, buries orphans, and ends the machine with the shell's status.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bulwark.h"

enum { COMMAND_MAX = 1024, EXIT_NO_SHELL = 127, STATUS_SIGNAL = 128, NAP_NS = 10000000 };

/*
 * A console that a person sits at is a vt100, near enough; one that a script reads is told nothing.
 */
static char *const person_environment[] = { "TERM=vt100", "PATH=/bin", NULL };
static char *const script_environment[] = { "PATH=/bin", NULL };

/*
 * Its error number where execve failed, else 0. In memory that the child of vfork shares: an exit
 * status would look like one of the shell's own.
 */
static volatile int exec_error;

/* Blocks until the child runs the shell, or has failed to: its pid, or -1 with errno set. */
static pid_t start_shell(char *command)
{
	char *with_command[] = { "sh", "-c", command, NULL };
	char *alone[] = { "sh", NULL };
	bool has_command = command[0] != '\0';
	pid_t shell;

	exec_error = 0;
	shell = vfork();
	if (shell == 0) {
		execve("/bin/sh", has_command ? with_command : alone,
		       has_command ? script_environment : person_environment);
		exec_error = errno;
		_exit(EXIT_NO_SHELL);
	}
	if (shell > 0 && exec_error != 0) {
		waitpid(shell, NULL, 0);
		errno = exec_error;
		return -1;
	}
	return shell;
}

/* Blocks until there is a shell. Memory may be short for a while; without a shell to run the
 * machine ends. */
static pid_t have_shell(char *command)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	pid_t shell;

	while ((shell = start_shell(command)) < 0) {
		if (errno != ENOMEM && errno != EAGAIN) {
			perror("init: /bin/sh");
			bw_power_off(EXIT_NO_SHELL);
		}
		nanosleep(&nap, NULL);
	}
	return shell;
}

/*
 * Blocks. Reaps whatever ends until that is the shell; the shell's wait status. What the kernel
 * cannot reap it says of all at last.
 */
static int wait_for(pid_t shell)
{
	struct bw_report report;
	int status = 0;
	pid_t ended;

	while ((ended = wait(&status)) != shell) {
		if (ended < 0 && errno == EFAULT && bw_report(shell, &report) == 0) {
			return report.status;
		}
	}
	return status;
}

int main(void)
{
	static char command[COMMAND_MAX];
	long length = bw_boot_command(command, sizeof(command) - 1);
	int status;

	command[length > 0 ? length : 0] = '\0';
	for (;;) {
		status = wait_for(have_shell(command));
		if (WIFEXITED(status)) {
			bw_power_off(WEXITSTATUS(status));
		}
		if (command[0] != '\0') {
			bw_power_off(STATUS_SIGNAL + WTERMSIG(status));
		}
		puts("init: the shell died; here is a new one");
	}
}
