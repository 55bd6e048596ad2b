/*
 * Not a test: what t_policy runs where caged.c is not to be. It tries to fork: its exit code is
 * that of caged.c where it may not, else its child's, which tells whether that may ask for its
 * parent. `uncaged exec PATH ARGUMENT...` becomes another program first.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CODE_REFUSED = 10, CODE_CHILD_REFUSED = 30 };

static int ask(void) { return syscall(SYS_getppid) < 0 && errno == EPERM ? CODE_CHILD_REFUSED : 0; }

int main(int argc, char *argv[])
{
	int status = 0;
	pid_t child;

	if (argc > 2 && strcmp(argv[1], "exec") == 0) {
		execv(argv[2], argv + 2);
		return 1;
	}
	child = fork();
	if (child == 0) {
		_exit(ask());
	}
	if (child < 0) {
		return errno == EPERM ? CODE_REFUSED + (int)getuid() % 1000 : 1;
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
