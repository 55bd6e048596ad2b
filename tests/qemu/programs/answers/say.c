/* How an answer is told. */
#define _GNU_SOURCE
#include "say.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	int number;
	const char *name;
} errors[] = {
#define ERROR(name)                                                                                \
	{                                                                                          \
		name, #name                                                                        \
	}
	ERROR(EPERM),        ERROR(ENOENT),   ERROR(ESRCH),        ERROR(EINTR),
	ERROR(EIO),          ERROR(E2BIG),    ERROR(ENOEXEC),      ERROR(EBADF),
	ERROR(ECHILD),       ERROR(EAGAIN),   ERROR(ENOMEM),       ERROR(EACCES),
	ERROR(EFAULT),       ERROR(EEXIST),   ERROR(ENODEV),       ERROR(ENOTDIR),
	ERROR(EISDIR),       ERROR(EINVAL),   ERROR(EMFILE),       ERROR(ENOTTY),
	ERROR(ESPIPE),       ERROR(EPIPE),    ERROR(ERANGE),       ERROR(EDEADLK),
	ERROR(ENAMETOOLONG), ERROR(ENOSYS),   ERROR(EOVERFLOW),    ERROR(EOPNOTSUPP),
	ERROR(ETIMEDOUT),    ERROR(ENOTSOCK), ERROR(EAFNOSUPPORT), ERROR(ELOOP),
#undef ERROR
};

long answer(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

void say_text(const char *call, const char *what, const char *text)
{
	printf("%s: %s: %s\n", call, what, text);
	fflush(stdout);
}

void say(const char *call, const char *what, long result)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", result);
	if (result < 0 && result >= -4095) {
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
			if (errors[i].number == -result) {
				strcpy(text, errors[i].name);
			}
		}
	} else if ((unsigned long)result >= 1ul << 24) {
		strcpy(text, "address");
	}
	say_text(call, what, text);
}

void say_status(const char *call, const char *what, int status)
{
	char text[32];

	if (WIFEXITED(status)) {
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	} else if (WIFSIGNALED(status)) {
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	} else {
		snprintf(text, sizeof(text), "status %x", (unsigned)status);
	}
	say_text(call, what, text);
}

int child(deed deed)
{
	int pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		deed();
		_exit(0);
	}
	return pid;
}

/* WNOHANG of what does not want children of its kind would tell, and so would waitid, which is not
 * here: time has to do. */
void settle(void) { usleep(50000); }

void say_end(const char *call, const char *what, deed deed)
{
	int status = -1;

	waitpid(child(deed), &status, 0);
	say_status(call, what, status);
}

char *page(void)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

char *before_hole(int nr_pages)
{
	size_t len = (size_t)nr_pages * PAGE;
	char *pages =
		mmap(NULL, len + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(pages + len, PAGE);
	return pages + len;
}
