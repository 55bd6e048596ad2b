/* Rounds of the stress program that make processes and end them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

enum { MOST_CHILDREN = 4, NR_WORDS = 4096, BOMB_MAX = 600, PID_INIT = 1, NR_SPINS = 100000 };

static volatile uint64_t words[NR_WORDS]; /* spread over a few pages, copied on write */

/* Sees what its parent wrote, and writes something else. */
static int change_words(void *expected)
{
	for (unsigned int i = 0; i < NR_WORDS; i += 256) {
		if (words[i] != (uintptr_t)expected) {
			return 1;
		}
		words[i] = ~(uint64_t)(uintptr_t)expected;
	}
	return 0;
}

enum stress_result stress_fork(void)
{
	uint64_t mark = stress_random(1 << 30);
	pid_t children[MOST_CHILDREN];
	unsigned int nr = 1 + stress_random(MOST_CHILDREN), nr_started = 0;
	enum stress_result result = STRESS_DONE;

	for (unsigned int i = 0; i < NR_WORDS; i += 256) {
		words[i] = mark;
	}
	while (nr_started < nr) {
		pid_t child = fork();

		if (child == 0) {
			_exit(change_words((void *)mark));
		}
		if (child < 0) {
			result = STRESS_REFUSED;
			break;
		}
		children[nr_started++] = child;
	}
	for (unsigned int i = 0; i < nr_started; i++) {
		enum stress_result one =
			stress_expect_exit("a forked child", child_wait(children[i]), 0);

		result = one > result ? one : result;
	}
	for (unsigned int i = 0; i < NR_WORDS; i += 256) {
		if (words[i] != mark) {
			return stress_complain("a child's write reached its parent: word %u", i);
		}
	}
	return result;
}

static int exec_exit(void *code)
{
	char text[16];
	char *const argv[] = { "stress", "--exit", text, NULL };
	char *const environment[] = { NULL };

	snprintf(text, sizeof(text), "%d", *(int *)code);
	execve("/bin/stress", argv, environment);
	/* no memory for it */
	kill(getpid(), SIGKILL);
	return 1;
}

enum stress_result stress_exec(void)
{
	int code = (int)stress_random(100);

	return stress_expect_exit("a program that exits", child_run(exec_exit, &code), code);
}

/* The parent died, perhaps for lack of memory: nobody is left to end us. */
static bool is_orphan(void) { return getppid() == PID_INIT; }

/* Busy in one of several ways until it is killed. */
static _Noreturn void be_busy(unsigned int how)
{
	while (!is_orphan()) {
		void *page = MAP_FAILED;

		switch (how) {
		case 0:
			for (volatile unsigned int i = 0; i < NR_SPINS; i++) {}
			break;
		case 1: getpid(); break;
		case 2: stress_nap_us(1000); break;
		default:
			page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (page != MAP_FAILED) {
				*(volatile char *)page = 1;
				munmap(page, BW_PAGE_SIZE);
			}
		}
	}
	_exit(1);
}

enum stress_result stress_kill(void)
{
	unsigned int how = stress_random(4);
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		be_busy(how);
	}
	if (child < 0) {
		return STRESS_REFUSED;
	}
	stress_nap_us(stress_random(3000));
	if (kill(child, SIGKILL) != 0) {
		stress_complain("a living child cannot be killed");
	}
	waitpid(child, &status, 0);
	return stress_expect_signal("a child that is killed", status, SIGKILL);
}

/* A fault of the program's own making. */
static int crash(void *how)
{
	switch (*(unsigned int *)how) {
	case 0: stress_touch_nothing(); break;
	case 1: *(volatile int *)0xffffffff80000000 = 1; break;
	case 2: __asm__ volatile("hlt"); break;
	default: ((void (*)(void))(uintptr_t)words)();
	}
	return 0;
}

enum stress_result stress_crash(void)
{
	unsigned int how = stress_random(4);

	return stress_expect_signal("a program that crashes", child_run(crash, &how), SIGSEGV);
}

/* Forks until it is refused; a user of its own, so that the quota is its own. */
static int fork_until_refused(void *unused)
{
	static pid_t children[BOMB_MAX];
	int nr = 0, error;

	(void)unused;
	while (nr < BOMB_MAX && (children[nr] = fork()) >= 0) {
		if (children[nr] == 0) {
			while (!is_orphan()) {
				stress_nap_us(1000000);
			}
			_exit(1);
		}
		nr++;
	}
	error = nr < BOMB_MAX ? errno : 0;
	for (int i = 0; i < nr; i++) {
		kill(children[i], SIGKILL);
	}
	for (int i = 0; i < nr; i++) {
		waitpid(children[i], NULL, 0);
	}
	return error == EAGAIN || error == ENOMEM ? 0 : 1;
}

enum stress_result stress_bomb(void)
{
	return stress_expect_exit("a fork bomb", child_run(fork_until_refused, NULL), 0);
}
