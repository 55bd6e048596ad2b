/* Processes: fork, exit codes, wait, kill, identity. */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

static int exit_with(void *code) { return *(int *)code; }

static void test_exit_codes(void)
{
	static const struct {
		int given;
		int seen;
	} codes[] = { { 0, 0 }, { 1, 1 }, { 42, 42 }, { 255, 255 }, { 256, 0 }, { -1, 255 } };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		int given = codes[i].given;

		tap_is(child_exit_code(child_run(exit_with, &given)), codes[i].seen,
		       "exit(%d) is seen as %d", given, codes[i].seen);
	}
}

static int sleep_long(void *argument)
{
	const struct timespec long_time = { .tv_sec = 60 };

	(void)argument;
	nanosleep(&long_time, NULL);
	return 0;
}

static int spin_forever(void *argument)
{
	for (volatile int i = 0;; i++) {}
	return argument == NULL;
}

static pid_t start(child_body body)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(body(NULL));
	}
	return child;
}

static void test_kill(void)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGINT };
	pid_t child;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		child = start(sleep_long);
		sched_yield();
		tap_is(kill(child, signals[i]), 0, "kill with signal %d is accepted", signals[i]);
		tap_is(child_signal(child_wait(child)), signals[i],
		       "signal %d ends a sleeping process", signals[i]);
	}
	child = start(spin_forever);
	sched_yield();
	kill(child, SIGKILL);
	tap_is(child_signal(child_wait(child)), SIGKILL, "a process that computes can be killed");

	child = start(sleep_long);
	tap_is(kill(child, 0), 0, "signal 0 asks whether the process is there");
	tap_ok(kill(child, 65) == -1 && errno == EINVAL, "a signal past the last is EINVAL");
	tap_ok(kill(child, -1) == -1 && errno == EINVAL, "a negative signal is EINVAL");
	kill(child, SIGKILL);
	child_wait(child);
	tap_ok(kill(child, SIGKILL) == -1 && errno == ESRCH, "a process that is gone is ESRCH");
}

static void test_wait(void)
{
	int status = 0;
	pid_t child;

	tap_ok(waitpid(-1, &status, 0) == -1 && errno == ECHILD,
	       "waiting without children is ECHILD");
	child = start(sleep_long);
	tap_is(waitpid(child, &status, WNOHANG), 0, "WNOHANG does not wait for a child that lives");
	tap_ok(waitpid(getpid(), &status, 0) == -1 && errno == ECHILD,
	       "one is not one's own child");
	kill(child, SIGKILL);
	tap_is(waitpid(-1, &status, 0), child, "waiting for any child finds the one that ended");
	tap_ok(waitpid(child, &status, 0) == -1 && errno == ECHILD, "a child is reaped once");
	tap_ok(waitpid(-1, &status, 0x40000) == -1 && (errno == EINVAL || errno == ECHILD),
	       "unknown wait options do no harm");
}

static int check_parent(void *expected)
{
	return getppid() == *(pid_t *)expected && getpid() != *(pid_t *)expected ? 0 : 1;
}

static int become_user(void *unused)
{
	(void)unused;
	if (getuid() != 0 || setuid(1000) != 0 || getuid() != 1000 || geteuid() != 1000) {
		return 1;
	}
	if (setuid(0) != -1 || errno != EPERM) {
		return 2;
	}
	if (kill(1, SIGTERM) != -1 || errno != EPERM) {
		return 3;
	}
	return fork() == 0 ? (getuid() == 1000 ? 0 : 4) : 0;
}

static int operator_calls_as_user(void *unused)
{
	struct bw_report report;
	struct bw_audit audit;

	(void)unused;
	setuid(1000);
	if (bw_power_off(3) != -EPERM) {
		return 1;
	}
	if (bw_reboot("", "") != -EPERM) {
		return 4;
	}
	if (bw_audit(&audit) != -EPERM) {
		return 5;
	}
	if (bw_foreground_end() != -EPERM || bw_job_begin(BW_JOB_ORDINARY) != -EPERM) {
		return 2;
	}
	return bw_report(getppid(), &report) == -EPERM ? 0 : 3;
}

static void test_identity(void)
{
	pid_t self = getpid();
	struct utsname name;

	tap_is(child_exit_code(child_run(check_parent, &self)), 0,
	       "a child knows its parent and has its own pid");
	tap_is(syscall(SYS_gettid), self, "the first thread's id is the process's");
	tap_ok(uname(&name) == 0 && name.sysname[0] != '\0', "uname names the system");
	tap_is(child_exit_code(child_run(become_user, NULL)), 0,
	       "a uid can be given up and not taken back");
	tap_is(child_exit_code(child_run(operator_calls_as_user, NULL)), 0,
	       "the operator's calls are EPERM for an ordinary user");
}

/* Leaves a grandchild behind, which sees whose child it becomes. */
static int leave_orphan(void *shared)
{
	if (fork() == 0) {
		const struct timespec nap = { .tv_nsec = 20000000 };

		nanosleep(&nap, NULL);
		*(volatile pid_t *)shared = getppid();
		_exit(0);
	}
	return 0;
}

static int abort_now(void *unused)
{
	(void)unused;
	abort();
}

static void test_ends(volatile pid_t *shared)
{
	const struct timespec nap = { .tv_nsec = 100000000 };
	struct bw_report report = { 0 };
	int code = 7;
	int status = child_run_reported(exit_with, &code, &report);

	tap_ok(report.end == BW_END_EXIT && report.status == status,
	       "the kernel's report tells of an exit");
	tap_ok(child_signal(child_run(abort_now, NULL)) != 0, "abort ends a process");
	child_run(leave_orphan, (void *)shared);
	nanosleep(&nap, NULL);
	tap_is(*shared, 1, "an orphan becomes the child of process 1");
}

static int close_output(void *unused)
{
	(void)unused;
	return close(1) == 0 && write(1, "x", 1) == -1 && errno == EBADF ? 0 : 1;
}

static void test_descriptors(void)
{
	char byte;

	tap_ok(close(99) == -1 && errno == EBADF, "closing what is not open is EBADF");
	tap_ok(write(99, "x", 1) == -1 && errno == EBADF, "writing to what is not open is EBADF");
	tap_ok(read(-1, &byte, 1) == -1 && errno == EBADF,
	       "reading a negative descriptor is EBADF");
	tap_is(write(1, "", 0), 0, "writing nothing is 0");
	tap_is(child_exit_code(child_run(close_output, NULL)), 0, "a closed descriptor is closed");
	tap_ok(write(1, "", 0) == 0, "a child's close does not close the parent's");
}

int main(void)
{
	volatile pid_t *shared;
	unsigned char random[16] = { 0 };
	static const unsigned char zero[sizeof(random)];

	shared =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test_exit_codes();
	test_wait();
	test_kill();
	test_identity();
	test_ends(shared);
	test_descriptors();
	tap_ok(syscall(SYS_getrandom, random, sizeof(random), 0) == sizeof(random) &&
		       memcmp(random, zero, sizeof(random)) != 0,
	       "getrandom fills a buffer");
	tap_is(sched_yield(), 0, "sched_yield returns 0");
	return tap_done();
}
