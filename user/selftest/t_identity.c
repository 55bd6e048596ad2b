/*
 * Who a process is cannot be had by pointing at somebody else. The pointers are ordinary kernel
 * memory, and each is changed here by a kernel bug, one call at a time.
 *
 * A thread that leads to another process still has its own memory, and the kernel looks for the
 * other one's: a page fault would stop the machine. So it must not be switched away from meanwhile:
 * it begins with a new time slice, and lets the kernel say all that it has to say of such processes
 * before, as a line takes longer than a slice on a slow port.
 */
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

#define NOBODY UINT32_MAX
enum { PID_FIRST = 1, USER = 1000, LINES_MAX = 16, NR_LOOKS = 100000 };

static struct bw_leak leak;
static bool is_protected;

/* What the process is taken for with eight bytes of kernel memory changed, which are put back. */
static uint32_t uid_with(uint64_t address, uint64_t value)
{
	uint64_t before = (uint64_t)bw_vuln_read(address);
	uint32_t uid;

	sched_yield();
	bw_vuln_write(address, value);
	uid = getuid();
	bw_vuln_write(address, before);
	return uid;
}

/* The process's structure begins with its pid. */
static uint64_t with_pid(uint64_t process, uint32_t pid)
{
	return ((uint64_t)bw_vuln_read(process) & ~(uint64_t)UINT32_MAX) | pid;
}

static int as_first_process(void *unused)
{
	(void)unused;
	if (setuid(USER) != 0 || bw_vuln_leak(&leak) != 0) {
		return -1;
	}
	return uid_with(leak.thread_process, leak.process_first) == (is_protected ? NOBODY : 0) ? 0
												: 1;
}

/* What root alone may do is tried while the thread leads to the first process. */
static int root_calls(void *unused)
{
	struct bw_policy_rule rule;
	long loaded, seen;
	int became;

	(void)unused;
	if (setuid(USER) != 0 || bw_vuln_leak(&leak) != 0) {
		return -1;
	}
	sched_yield();
	bw_vuln_write(leak.thread_process, leak.process_first);
	became = setuid(0);
	seen = bw_policy_rule(0, &rule);
	loaded = bw_policy_load("etc/no-such-policy", NULL);
	bw_vuln_write(leak.thread_process, leak.process);
	return became != 0 && seen == -EPERM && loaded == -EPERM ? 0 : 1;
}

static int as_first_pid(void *unused)
{
	(void)unused;
	if (setuid(USER) != 0 || bw_vuln_leak(&leak) != 0) {
		return -1;
	}
	for (int i = 0; i < LINES_MAX; i++) {
		if (uid_with(leak.process, with_pid(leak.process, PID_FIRST)) != USER) {
			return 1;
		}
	}
	return 0;
}

/* The first process is led to our entry instead, and we to the first process. */
static int as_each_other(void *unused)
{
	uint64_t first;
	uint32_t uid;

	(void)unused;
	if (setuid(USER) != 0 || bw_vuln_leak(&leak) != 0) {
		return -1;
	}
	first = (uint64_t)bw_vuln_read(leak.process_first);
	bw_vuln_write(leak.process_first, with_pid(leak.process_first, (uint32_t)getpid()));
	uid = uid_with(leak.thread_process, leak.process_first);
	bw_vuln_write(leak.process_first, first);
	return uid == NOBODY ? 0 : 1;
}

/*
 * Blocks: whoever looks again and again is ready when the child's slice ends. A child whose pid is
 * another's at the moment is not found.
 */
static int exit_code(child_body body)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		_exit(body(NULL));
	}
	for (int i = 0; i < NR_LOOKS && waitpid(child, &status, 0) != child; i++) {
		sched_yield();
	}
	return child_exit_code(status);
}

int main(void)
{
	if (!bw_option_is("vuln", "on")) {
		tap_skip("identity", "vuln=off: nothing can be overwritten");
		return tap_done();
	}
	is_protected = bw_option_is("cred", "protected");
	if (is_protected) {
		tap_is(exit_code(as_first_pid), 0,
		       "a process whose pid leads to another's entry acts for its own user");
	}
	tap_is(exit_code(as_first_process), 0,
	       is_protected ? "a thread that is led to the first process counts as nobody"
			    : "with cred=plain a thread that is led to the first process is root");
	if (is_protected) {
		tap_is(exit_code(root_calls), 0, "and what root may do is refused to it");
		tap_is(exit_code(as_each_other), 0,
		       "so it is where the first process leads to its entry");
	}
	return tap_done();
}
