/*
 * Not a test: the program that the policies on board have a rule for, and t_policy runs. It tries
 * to fork, as often as its argument says, and tells by its exit code that it may not, and who it
 * is. `caged secure` tells whether it knows that it is another user's than its caller. `caged wait`
 * makes a call that it may make until it may not. `caged thread` tries in a second
 * thread, `caged exec PATH ARGUMENT...` in the program that it becomes.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CODE_REFUSED = 10, CODE_CAUGHT = 42, CODE_NOT_SECURE = 50, CODE_SECURE = 51 };

static int try_once(void)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(0);
	}
	return child < 0 && errno == EPERM ? CODE_REFUSED + (int)getuid() % 1000 : 1;
}

static void *thread_main(void *code)
{
	*(int *)code = try_once();
	return NULL;
}

static int try_in_thread(void)
{
	pthread_t thread;
	int code = 1;

	if (pthread_create(&thread, NULL, thread_main, &code) != 0 ||
	    pthread_join(thread, NULL) != 0) {
		return 1;
	}
	return code;
}

int main(int argc, char *argv[])
{
	long nr = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	int code = 0;

	if (argc > 1 && strcmp(argv[1], "wait") == 0) {
		while (syscall(SYS_getpid) > 0) {}
		return errno == EPERM ? CODE_CAUGHT : 1;
	}
	if (argc > 1 && strcmp(argv[1], "secure") == 0) {
		return getauxval(AT_SECURE) == 1 && getauxval(AT_UID) == getuid() ? CODE_SECURE
										  : CODE_NOT_SECURE;
	}
	if (argc > 1 && strcmp(argv[1], "thread") == 0) {
		return try_in_thread();
	}
	if (argc > 2 && strcmp(argv[1], "exec") == 0) {
		execv(argv[2], argv + 2);
		return 1;
	}
	for (long i = 0; i < nr; i++) {
		code = try_once();
	}
	return code;
}
