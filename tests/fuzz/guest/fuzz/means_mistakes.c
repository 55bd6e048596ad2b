/* Instructions that the processor refuses: they end their process, and nothing else. */
#define _GNU_SOURCE
#include "means.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

enum { NR_MISTAKES = 6 };

static const int signals[NR_MISTAKES] = { SIGILL, SIGTRAP, SIGFPE, SIGSEGV, SIGSEGV, SIGSEGV };

static _Noreturn void make_mistake(uint64_t which)
{
	switch (which) {
	case 0: __asm__ volatile("ud2"); break;
	case 1: __asm__ volatile("int3"); break;
	case 2: __asm__ volatile("xor %%ecx, %%ecx\n\tdiv %%ecx" : : : "eax", "ecx", "edx"); break;
	case 3: __asm__ volatile("hlt"); break;
	case 4: __asm__ volatile("int $0x20"); break;
	default: __asm__ volatile("movl $0, (%0)" : : "r"(1ul << 63) : "memory"); break;
	}
	_exit(0);
}

/* Where there is no memory for its stack it ends earlier, with SIGBUS. */
void means_mistakes(uint64_t argument)
{
	uint64_t which = argument % NR_MISTAKES;
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		make_mistake(which);
	}
	if (pid < 0) {
		return;
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
	    (WTERMSIG(status) != signals[which] && WTERMSIG(status) != SIGBUS)) {
		complain("mistakes: number %u ends with status 0x%x", (unsigned)which,
			 (unsigned)status);
	}
	means_progress();
}
