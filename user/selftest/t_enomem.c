/* Memory that runs out: each allocation that the kernel makes fails once, and nothing is lost. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "memory.h"
#include "tap.h"

enum {
	MOST_ALLOCATIONS = 400,
	NR_PAGES = 20,
	EXIT_REFUSED = 3,
	EXIT_OTHER = 4,
	MORE_THAN_THERE_IS_PERCENT = 150
};

static int out_of_memory(void)
{
	return errno == ENOMEM || errno == EAGAIN ? EXIT_REFUSED : EXIT_OTHER;
}

/*
 * Each operation arms the nth failure and does its work: 0, or EXIT_REFUSED, or it dies for want of
 * memory.
 */

static int try_fork(void *nth)
{
	pid_t child;
	int status = 0;

	bw_fail_allocation(*(unsigned long *)nth);
	child = fork();
	if (child == 0) {
		_exit(0);
	}
	bw_fail_allocation(0);
	if (child < 0) {
		return out_of_memory();
	}
	waitpid(child, &status, 0);
	return status == 0 ? 0 : EXIT_REFUSED;
}

static int try_exec(void *nth)
{
	char *const arguments[] = { "good-minimal", NULL };
	char *const nothing[] = { NULL };

	bw_fail_allocation(*(unsigned long *)nth);
	execve("/etc/good-minimal", arguments, nothing);
	return out_of_memory();
}

static int try_map(void *nth)
{
	char *pages;

	bw_fail_allocation(*(unsigned long *)nth);
	pages = mmap(NULL, NR_PAGES * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED) {
		return out_of_memory();
	}
	for (int i = 0; i < NR_PAGES; i++) {
		pages[i * BW_PAGE_SIZE] = 1;
	}
	if (mprotect(pages + BW_PAGE_SIZE, BW_PAGE_SIZE, PROT_READ) != 0 ||
	    munmap(pages + 3 * BW_PAGE_SIZE, BW_PAGE_SIZE) != 0) {
		return out_of_memory();
	}
	bw_fail_allocation(0);
	return 0;
}

static int try_huge(void *nth)
{
	char *page;

	bw_fail_allocation(*(unsigned long *)nth);
	page = mmap(NULL, BW_HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (page == MAP_FAILED) {
		return out_of_memory();
	}
	page[0] = 1;
	bw_fail_allocation(0);
	return 0;
}

/* The mistake in a file is looked for again, in memory of its own. */
static int try_policy(void *nth)
{
	struct bw_policy_error error = { 0 };
	struct bw_policy_rule rule;
	long status;

	bw_fail_allocation(*(unsigned long *)nth);
	status = bw_policy_load("etc/policy-broken", &error);
	bw_fail_allocation(0);
	if (bw_policy_rule(0, &rule) != 0 || strcmp(rule.program, "caged") != 0) {
		return EXIT_OTHER;
	}
	return status == -EINVAL ? 0 : status == -ENOMEM ? EXIT_REFUSED : EXIT_OTHER;
}

struct sweep {
	const char *name;
	child_body body;
	int code_done; /* the exit code when nothing failed */
};

static const struct sweep sweeps[] = {
	{ "fork", try_fork, 0 },
	{ "execve", try_exec, 42 },
	{ "mmap, touch, mprotect, munmap", try_map, 0 },
	{ "mmap of a 2 MiB page", try_huge, 0 },
	{ "policy load of a broken file", try_policy, 0 },
};

/*
 * Lets the 1st, 2nd, ... allocation fail until none is left to fail. The number of failures, -1 for
 * a wrong end.
 */
static int sweep_once(const struct sweep *sweep)
{
	for (unsigned long nth = 1; nth < MOST_ALLOCATIONS; nth++) {
		int status = child_run(sweep->body, &nth);
		int code = child_exit_code(status);

		if (code == sweep->code_done) {
			return (int)nth - 1;
		}
		if (status < 0 || code == EXIT_OTHER || (code >= 0 && code != EXIT_REFUSED)) {
			tap_note("%s, allocation %lu: wait status 0x%x", sweep->name, nth, status);
			return -1;
		}
	}
	return -1;
}

/* A parent that dies for want of memory leaves an orphan, which takes its own time to end. */
static uint64_t nr_free_settled(uint64_t nr_processes)
{
	(void)memory_settled(nr_processes);
	return memory_nr_free();
}

static void test_sweep(const struct sweep *sweep)
{
	uint64_t nr_processes = memory_now().nr_processes;
	int nr_failures = sweep_once(sweep);
	uint64_t before = nr_free_settled(nr_processes);
	int nr_again = sweep_once(sweep);
	uint64_t after = nr_free_settled(nr_processes);

	tap_ok(nr_failures > 0, "%s: every allocation can fail (%d of them)", sweep->name,
	       nr_failures);
	tap_ok(nr_again > 0 && after == before, "%s: and no frame is lost", sweep->name);
	if (after != before) {
		tap_note("%lu free frames before, %lu after", before, after);
	}
}

/*
 * Without any injection: a task that wants more than there is gets ENOMEM, or dies; the machine
 * goes on.
 */
static int want_everything(void *unused)
{
	struct bw_memory_info info = memory_now();

	(void)unused;
	for (uint64_t i = 0; i < info.nr_frames_usable * MORE_THAN_THERE_IS_PERCENT / 100;
	     i += NR_PAGES) {
		char *pages = mmap(NULL, NR_PAGES * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (pages == MAP_FAILED) {
			return out_of_memory();
		}
		for (int j = 0; j < NR_PAGES; j++) {
			pages[j * BW_PAGE_SIZE] = 1;
		}
	}
	return 0;
}

static void test_everything(void)
{
	uint64_t before, after;
	int status;

	child_run(want_everything, NULL);
	before = memory_nr_free();
	status = child_run(want_everything, NULL);
	after = memory_nr_free();
	tap_ok(child_signal(status) != 0 || child_exit_code(status) == EXIT_REFUSED,
	       "a task that wants all of memory is stopped");
	tap_ok(after == before, "and all of it comes back");
	if (after != before) {
		tap_note("wait status 0x%x, %lu free frames before, %lu after", status, before,
			 after);
	}
}

int main(void)
{
	bool can_inject = bw_fail_allocation(0) >= 0;

	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		if (can_inject) {
			test_sweep(&sweeps[i]);
		} else {
			tap_skip(sweeps[i].name, "needs the boot option ktest=on");
		}
	}
	test_everything();
	return tap_done();
}
