/*
 * A process that one store has lose the kernel's pointer to its address space, which is ordinary
 * memory: it goes on in its own, as its entry of credentials names the root. A page that it needs
 * cannot be found any more: it ends with a page fault, and the machine goes on.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum { USER = 1000, NAP_NS = 1000000, NR_NAPS = 50, NR_ROUNDS = 4, WORD = 0x5bace };

/* What the child tells: where its pointer is, and what that was; what it finds behind some switches
 * without one. Shared. */
struct told {
	volatile uint64_t process_as, as;
	volatile int found;
};

static void nap(void)
{
	const struct timespec time = { .tv_nsec = NAP_NS };

	nanosleep(&time, NULL);
}

static int lose(struct told *told, volatile int *word, volatile char *fresh)
{
	struct bw_leak leak;

	/* its pages are its own from here on: what is written below has been written before */
	*word = WORD;
	nap();
	if (setuid(USER) != 0 || bw_vuln_leak(&leak) != 0) {
		return 1;
	}
	told->as = (uint64_t)bw_vuln_read(leak.process_as);
	told->process_as = leak.process_as;
	bw_vuln_write(leak.process_as, 0);
	for (int i = 0; i < NR_NAPS; i++) {
		nap();
	}
	told->found = *word;
	*fresh = 1;
	return 0;
}

/* It ends, and is there until it is waited for: it gets its address space back, which goes with it.
 */
static int status_of_loser(struct told *told, volatile int *word, volatile char *fresh)
{
	pid_t child;

	*told = (struct told){ 0 };
	child = fork();
	if (child == 0) {
		_exit(lose(told, word, fresh));
	}
	for (int i = 0; i < 20 * NR_NAPS && told->found == 0; i++) {
		nap();
	}
	for (int i = 0; i < NR_NAPS; i++) {
		nap();
	}
	bw_vuln_write(told->process_as, told->as);
	return child_wait(child);
}

static void *map(int sharing)
{
	return mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
}

int main(void)
{
	struct told *told = map(MAP_SHARED);
	int *word = map(MAP_PRIVATE);
	char *fresh = map(MAP_PRIVATE);
	struct bw_audit audit;
	bool all_found = true, all_faulted = true;

	if (!bw_option_is("vuln", "on")) {
		tap_skip("address spaces", "vuln=off: nothing can be overwritten");
		return tap_done();
	}
	for (int i = 0; i < NR_ROUNDS; i++) {
		all_faulted &= child_signal(status_of_loser(told, word, fresh)) == SIGSEGV;
		all_found &= told->found == WORD;
	}
	tap_ok(all_found, "who has lost the pointer to its address space goes on in that");
	tap_ok(all_faulted, "a page that it needs cannot be found: it has a fault");
	tap_ok(bw_audit(&audit) == 0 && audit.nr_violations == 0,
	       "and no processor has loaded what it may not");
	return tap_done();
}
