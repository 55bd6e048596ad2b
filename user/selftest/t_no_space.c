/*
 * A process that one store has lose its address space: the kernel's pointer to it is ordinary
 * memory, and where it is NULL the scheduler asks for none. So the next switch leads the thread
 * back to user mode without one. It goes out to the shadow root of the kernel's own root, which has
 * the entry area alone, and comes back from there with a page fault.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum { USER = 1000, NAP_NS = 1000000, NR_NAPS = 200, NR_ROUNDS = 4 };

/* What the child tells: where its pointer is, and what that was. Shared. */
struct told {
	volatile uint64_t process_as, as;
};

static void nap(void)
{
	const struct timespec time = { .tv_nsec = NAP_NS };

	nanosleep(&time, NULL);
}

static int lose(struct told *told)
{
	struct bw_leak leak;

	if (setuid(USER) != 0 || bw_vuln_leak(&leak) != 0) {
		return 1;
	}
	told->as = (uint64_t)bw_vuln_read(leak.process_as);
	told->process_as = leak.process_as;
	bw_vuln_write(leak.process_as, 0);
	/* who asks this processor for a flush meanwhile gives it back, until the next switch */
	for (int i = 0; i < NR_NAPS; i++) {
		nap();
	}
	return 0;
}

/* It ends, and is there until it is waited for: it gets its address space back, which goes with it.
 */
static int status_of_loser(struct told *told)
{
	pid_t child;

	told->process_as = 0;
	child = fork();
	if (child == 0) {
		_exit(lose(told));
	}
	for (int i = 0; i < NR_NAPS && (told->process_as == 0 || bw_vuln_read(told->process_as));
	     i++) {
		nap();
	}
	for (int i = 0; i < NR_NAPS; i++) {
		nap();
	}
	bw_vuln_write(told->process_as, told->as);
	return child_wait(child);
}

int main(void)
{
	struct told *told;
	struct bw_audit audit;
	bool all_faulted = true;

	if (!bw_option_is("vuln", "on")) {
		tap_skip("address spaces", "vuln=off: nothing can be overwritten");
		return tap_done();
	}
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < NR_ROUNDS; i++) {
		all_faulted &= child_signal(status_of_loser(told)) == SIGSEGV;
	}
	tap_ok(all_faulted, "who has lost its address space has a fault in user mode");
	tap_ok(bw_audit(&audit) == 0 && audit.nr_violations == 0,
	       "and no processor has loaded what it may not");
	return tap_done();
}
