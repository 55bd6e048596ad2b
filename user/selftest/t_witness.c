/* Jobs and the witness: who may begin and end what, what is a fact, and whose the console is. */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum { USER = 1000, NR_MEMBERS = 5, PAGE = 4096 };

/* Shared with all children. */
struct shared {
	volatile int go;
	volatile int nr_ready;
	volatile long result;
};
static struct shared *shared;

static void share(void)
{
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(shared, 0, sizeof(*shared));
}

/* Runs the body in a process that has begun an attack, waits for it, and ends the attack. */
static long attack_with(child_body body, struct bw_attack *attack)
{
	pid_t child;

	memset(attack, 0xff, sizeof(*attack));
	child = fork();
	if (child == 0) {
		_exit(bw_job_begin(BW_JOB_ATTACK) == 0 ? body(NULL) : 99);
	}
	waitpid(child, NULL, 0);

	long status = bw_attack_end(child, attack);

	bw_foreground_end();
	return status;
}

static int does_nothing(void *unused)
{
	(void)unused;
	return setuid(USER) == 0 && setuid(USER) == 0 ? 0 : 1;
}

/* Members that outlive the first process: five that compute, and each tries to make more. */
static int leaves_members(void *unused)
{
	(void)unused;
	for (int i = 0; i < NR_MEMBERS; i++) {
		if (fork() == 0) {
			__atomic_fetch_add(&shared->nr_ready, 1, __ATOMIC_RELAXED);
			for (;;) {
				if (shared->go && fork() == 0) {
					pause();
				}
			}
		}
	}
	while (shared->nr_ready < NR_MEMBERS) {
		sched_yield();
	}
	shared->go = 1;
	return 0;
}

/* Root, but a member of an attack. */
static int judges_itself(void *unused)
{
	struct bw_attack attack;

	(void)unused;
	shared->result = bw_job_begin(BW_JOB_ORDINARY) == -EPERM && bw_foreground_end() == -EPERM &&
			 bw_attack_end(getpid(), &attack) == -EPERM && bw_power_off(0) == -EPERM;
	return 0;
}

static int claims(void *unused)
{
	(void)unused;
	shared->result = 0;
	for (int i = 0; i < BW_PROOFS_MAX + 3; i++) {
		shared->result |= bw_flag_prove((uint64_t)i) | bw_base_prove((uint64_t)i);
	}
	return 0;
}

static void test_records(void)
{
	struct bw_attack attack;

	tap_is(attack_with(does_nothing, &attack), 0, "an attack is ended");
	tap_ok(attack.facts == 0 && attack.nr_killed == 0,
	       "one that sets its uid by right has achieved nothing");
	tap_is(attack_with(leaves_members, &attack), 0, "one that leaves members behind is ended");
	tap_ok(attack.nr_killed >= NR_MEMBERS, "and they with it (%u)", attack.nr_killed);
	attack_with(judges_itself, &attack);
	tap_ok(shared->result,
	       "a member that is root begins no job, ends none, and does not end the machine");
	attack_with(claims, &attack);
	tap_is(shared->result, 0, "claims are answered with 0, right or wrong");
	tap_ok(attack.nr_proofs == BW_PROOFS_MAX && attack.facts == 0,
	       "wrong ones achieve nothing, and only so many count");
	tap_is(bw_attack_end(getpid(), &attack), -ESRCH,
	       "there is no attack of a process that began none");
	tap_is(bw_call_attack_end(1, -4096), -EFAULT, "a bad address is EFAULT");
	tap_is(bw_call_job_begin(7), -EINVAL, "a job of no kind is EINVAL");
}

static int begins_attack(void *unused)
{
	(void)unused;
	return bw_job_begin(BW_JOB_ATTACK) == 0 ? 0 : 1;
}

/* Unread records are taken again: more attacks than there is room for, one after the other. */
static void test_abandoned(void)
{
	bool all = true;

	for (int i = 0; i < 40; i++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0) {
			/* whose attack it is ends, too */
			_exit(child_exit_code(child_run(begins_attack, NULL)));
		}
		waitpid(child, &status, 0);
		all = all && status == 0;
	}
	bw_foreground_end();
	tap_ok(all, "attacks that nobody ends take no room from others");
}

/* A job in the background that is not root's. */
static int uses_console(void *unused)
{
	char byte;

	(void)unused;
	setuid(USER);
	shared->nr_ready = 1;
	while (!shared->go) {
		sched_yield();
	}
	return write(STDOUT_FILENO, "", 0) == -1 && errno == EIO &&
			       read(STDIN_FILENO, &byte, 1) == -1 && errno == EIO
		       ? 0
		       : 1;
}

static void test_console(void)
{
	int status = -1;
	pid_t child;

	shared->go = shared->nr_ready = 0;
	child = fork();
	if (child == 0) {
		_exit(bw_job_begin(BW_JOB_ORDINARY) == 0 ? uses_console(NULL) : 99);
	}
	while (shared->nr_ready == 0) {
		sched_yield();
	}
	bw_foreground_end();
	shared->go = 1;
	waitpid(child, &status, 0);
	tap_is(status, 0,
	       "a job in the background neither reads from the console nor writes to it");
}

int main(void)
{
	share();
	test_records();
	test_abandoned();
	test_console();
	return tap_done();
}
