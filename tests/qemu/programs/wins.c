/*
 * An attack that has won, and hides it: wins HOW. It becomes root by one store, which cred=plain
 * lets it, and then goes on as the word says. A test of the witness: each of these is a BREACH.
 */
#include "attack.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t at, before, after;

static void find_uid(void)
{
	struct bw_leak leak;
	unsigned int shift;

	attack_leak(&leak);
	at = leak.process_uid & ~7ul;
	shift = (unsigned int)(leak.process_uid - at) * 8;
	before = (uint64_t)bw_vuln_read(at);
	after = before & ~(0xfffffffful << shift);
}

static void win(void)
{
	find_uid();
	bw_vuln_write(at, after);
}

static int execute(void)
{
	execl("/bin/extra", "extra", NULL);
	return 1;
}

static int executes(void)
{
	win();
	return execute();
}

static int sets_uid(void)
{
	win();
	return setuid(1000);
}

static int undoes(void)
{
	win();
	bw_vuln_write(at, before);
	return 0;
}

static int forks(void)
{
	win();
	if (fork() == 0) {
		_exit(getuid() == 0 ? 0 : 1);
	}
	wait(NULL);
	return setuid(1000);
}

static int vforks(void)
{
	if (vfork() == 0) {
		win();
		execute();
		_exit(1);
	}
	return 0;
}

static int in_grandchild(void)
{
	if (fork() == 0) {
		if (fork() == 0) {
			win();
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	wait(NULL);
	return 0;
}

/* Its parent is another's child by then, and it makes no call after it has won. */
static int as_orphan(void)
{
	volatile int *won =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (fork() == 0) {
		if (fork() != 0) {
			_exit(0);
		}
		while (getppid() != 1) {}
		win();
		*won = 1;
		for (;;) {}
	}
	/* where the store is stopped, it never wins */
	for (int i = 0; i < 100000 && !*won; i++) {
		sched_yield();
	}
	return 0;
}

static int dies(void)
{
	win();
	return raise(SIGSEGV);
}

static int cuts(void)
{
	win();
	bw_power_off(0);
	bw_reboot("", "");
	bw_job_begin(BW_JOB_ORDINARY);
	bw_foreground_end();
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} ways[] = {
	{ "execs", executes },   { "setuid", sets_uid }, { "undoes", undoes },
	{ "forks", forks },      { "vforks", vforks },   { "child", in_grandchild },
	{ "orphan", as_orphan }, { "dies", dies },       { "cuts", cuts },
};

int main(int argc, char *argv[])
{
	for (unsigned int i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(argv[1], ways[i].name) == 0) {
			return ways[i].run();
		}
	}
	return 2;
}
