/*
 * A process whose credentials the kernel cannot write ends, and is told nothing. The frame table's
 * note of the page that they are in is changed for a moment: then write-rare refuses. With ptprot
 * nothing asks that note: what is told as done is done.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"
#include "child.h"
#include "tap.h"

enum { USER = 1000, CREDENTIAL_BYTES = 32, NR_LOOKS = 1000000 };

/* Shared with the child. */
static struct shared {
	volatile int is_ready, go, came_back;
	struct bw_leak leak;
} * shared;

static struct bw_leak leak;

static void wait_for(const volatile int *word)
{
	while (!*word) {
		sched_yield();
	}
}

static int drops_rights(void) { return setuid(USER); }
static int executes(void) { return execl("/bin/servant", "servant", NULL); }
static int begins_a_job(void) { return (int)bw_job_begin(BW_JOB_ORDINARY); }

static pid_t start(int (*body)(void))
{
	pid_t child;

	memset(shared, 0, sizeof(*shared));
	child = fork();
	if (child == 0) {
		bw_vuln_leak(&shared->leak);
		shared->is_ready = 1;
		wait_for(&shared->go);
		(void)body();
		shared->came_back = 1;
		_exit(0);
	}
	wait_for(&shared->is_ready);
	return child;
}

/* What the frame table has of the frame behind the credentials of a pid. */
static uint64_t frame_of(pid_t pid)
{
	int64_t offset = (int64_t)(pid - getpid()) * CREDENTIAL_BYTES;

	return attack_frame_link(&leak, leak.credential + (uint64_t)offset);
}

static bool is_ended(pid_t child)
{
	struct bw_report report;
	bool is_so = false;

	for (int i = 0; i < NR_LOOKS && !is_so; i++) {
		is_so = bw_report(child, &report) == 0 && report.end == BW_END_INSECURE;
		sched_yield();
	}
	return is_so;
}

static void check(int (*body)(void), const char *what)
{
	pid_t child = start(body);
	uint64_t frame = frame_of(child), before = (uint64_t)bw_vuln_read(frame);
	bool was_ended;
	pid_t reaped;
	int status = 0;

	bw_vuln_write(frame, before + FRAME_LINK_PREV);
	shared->go = 1;
	was_ended = is_ended(child);
	while ((reaped = waitpid(child, &status, WNOHANG)) == 0) {
		sched_yield();
	}
	bw_vuln_write(frame, before);
	tap_ok(was_ended && !shared->came_back, "%s that cannot be written ends the process", what);
	tap_is(reaped, -1, "its number is not free before that can be written");
	tap_is(waitpid(child, &status, 0), child, "then it is");
	tap_is(child_signal(status), SIGKILL, "it ended by no choice of its own");
}

static int exits(void) { return 0; }
static int is_born(void *unused)
{
	(void)unused;
	return 0;
}

/* The next pid is one more: its entry lies behind the child's. */
static void check_fork(void)
{
	pid_t child = start(exits), second;
	uint64_t frame = frame_of(child + 1), before = (uint64_t)bw_vuln_read(frame);

	bw_vuln_write(frame, before + FRAME_LINK_PREV);
	second = fork();
	if (second == 0) {
		_exit(0);
	}
	bw_vuln_write(frame, before);
	tap_is(second, -1, "a process whose credentials cannot be written is not born");
	shared->go = 1;
	waitpid(child, NULL, 0);
	tap_ok(child_run(is_born, NULL) == 0, "the next one is");
}

static int is_caged(void) { return execl("/bin/caged", "caged", "wait", NULL); }

static long load(const char *path)
{
	struct bw_policy_error error;

	return bw_policy_load(path, &error);
}

/* All that are under a rule get another number. The other processes are under none. */
static void check_policy(void)
{
	pid_t child = start(is_caged);
	uint64_t frame = frame_of(child), before = (uint64_t)bw_vuln_read(frame);
	bool was_ended;
	long loaded;

	shared->go = 1;
	usleep(50000);
	bw_vuln_write(frame, before + FRAME_LINK_PREV);
	loaded = load("etc/policy-strict");
	was_ended = is_ended(child);
	bw_vuln_write(frame, before);
	if (!was_ended) {
		kill(child, SIGKILL);
	}
	tap_is(loaded, 0, "a policy is loaded");
	tap_ok(was_ended, "a process that cannot be led over to it ends");
	tap_is(child_signal(child_wait(child)), SIGKILL, "by no choice of its own");
	tap_is(load("etc/policy"), 0, "the first one is loaded again");
}

/* As check and check_fork, by the gate. */
static void check_done(int (*body)(void), const char *what)
{
	pid_t child = start(body), second;
	uint64_t frame = frame_of(child), before = (uint64_t)bw_vuln_read(frame);
	int status;

	bw_vuln_write(frame, before + FRAME_LINK_PREV);
	shared->go = 1;
	status = child_wait(child);
	second = fork();
	if (second == 0) {
		_exit(0);
	}
	bw_vuln_write(frame, before);
	tap_ok(child_signal(status) == 0 && shared->came_back, "%s is done", what);
	tap_is(child_signal(child_wait(second)), 0, "and so is a fork");
}

static int loads_policy(void) { return (int)load("etc/policy"); }

int main(void)
{
	shared =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!bw_option_is("vuln", "on") || bw_option_is("pmalloc", "off") ||
	    bw_option_is("authority", "off")) {
		tap_skip("unwritten", "with these options nothing is refused, or told");
		return tap_done();
	}
	if (bw_vuln_leak(&leak) != 0) {
		tap_ok(false, "the leak tells where things are");
		return tap_done();
	}
	if (!bw_option_is("ptprot", "off")) {
		check_done(drops_rights, "a setuid");
		check_done(begins_a_job, "a job");
		check_done(loads_policy, "a change of policy");
		return tap_done();
	}
	check(drops_rights, "a setuid");
	check(executes, "an execve");
	check(begins_a_job, "a job");
	check_fork();
	check_policy();
	return tap_done();
}
