/* Keeps processors busy with processes that crash, each of which the kernel has a line to write
 * about; says "busy" when some have. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NR_WORKERS = 8, CRASHES_BEFORE_BUSY = 20 };

static int *volatile nowhere; /* volatile: the compiler must not see where that is */

static void crash_one(void)
{
	pid_t child = fork();

	if (child == 0) {
		*nowhere = 0;
	}
	waitpid(child, NULL, 0);
}

static _Noreturn void work(void)
{
	for (;;) {
		crash_one();
	}
}

int main(void)
{
	for (int i = 0; i < NR_WORKERS; i++) {
		if (fork() == 0) {
			work();
		}
	}
	for (int i = 0; i < CRASHES_BEFORE_BUSY; i++) {
		crash_one();
	}
	printf("busy\n");
	fflush(stdout);
	wait(NULL);
}
