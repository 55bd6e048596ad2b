/* Keeps processors busy with processes that crash, each of which the kernel has a line to write
 * about. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NR_WORKERS = 8 };

static int *volatile nowhere; /* volatile: the compiler must not see where that is */

static _Noreturn void work(void)
{
	for (;;) {
		pid_t child = fork();

		if (child == 0) {
			*nowhere = 0;
		}
		waitpid(child, NULL, 0);
	}
}

int main(void)
{
	for (int i = 0; i < NR_WORKERS; i++) {
		if (fork() == 0) {
			work();
		}
	}
	printf("busy\n");
	fflush(stdout);
	wait(NULL);
}
