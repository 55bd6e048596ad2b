/*
 * Not a test: the program that the policies on board have a rule for, and t_policy runs. It tries
 * to fork, as often as its argument says, and tells by its exit code that it may not, and who it
 * is. `caged wait` makes a call that it may make until it may not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CODE_REFUSED = 10, CODE_CAUGHT = 42 };

int main(int argc, char *argv[])
{
	long nr = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	int code = 0;

	if (argc > 1 && strcmp(argv[1], "wait") == 0) {
		while (syscall(SYS_getpid) > 0) {}
		return errno == EPERM ? CODE_CAUGHT : 1;
	}
	for (long i = 0; i < nr; i++) {
		pid_t child = fork();

		if (child == 0) {
			_exit(0);
		}
		code = child < 0 && errno == EPERM ? CODE_REFUSED + (int)getuid() % 1000 : 1;
	}
	return code;
}
