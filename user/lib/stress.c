/* What the rounds of the stress program are made of, and the table of its workers. */
#include "stress.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { UID_ROOT, UID_WORKER = 1000, UID_BOMB, UID_HOG };

const struct stress_worker stress_workers[] = {
	{ "faults", stress_faults, UID_WORKER, 0 },
	{ "protect", stress_protect, UID_WORKER, 0 },
	{ "huge", stress_huge, UID_WORKER, 20 },
	{ "fork", stress_fork, UID_WORKER, 0 },
	{ "exec", stress_exec, UID_WORKER, 0 },
	{ "kill", stress_kill, UID_WORKER, 0 },
	{ "crash", stress_crash, UID_WORKER, 10 },
	{ "threads", stress_threads, UID_WORKER, 0 },
	{ "remap", stress_remap, UID_WORKER, 0 },
	{ "migrate", stress_migrate, UID_WORKER, 0 },
	{ "orphans", stress_orphan_threads, UID_WORKER, 0 },
	{ "calls", stress_calls, UID_WORKER, 0 },
	{ "grants", stress_grants, UID_WORKER, 0 },
	{ "vuln", stress_vuln, UID_WORKER, 20 },
	{ "kmap", stress_kmap, UID_WORKER, 5 },
	{ "audit", stress_audit, UID_ROOT, 400 },
	{ "bomb", stress_bomb, UID_BOMB, 3000 },
	{ "hog", stress_hog, UID_HOG, 4000 },
};
const unsigned int nr_stress_workers = sizeof(stress_workers) / sizeof(stress_workers[0]);

struct stress *stress;
static unsigned int random_state = 1;

enum stress_result stress_complain(const char *format, ...)
{
	va_list arguments;

	if (__atomic_fetch_add(&stress->nr_complaints, 1, __ATOMIC_RELAXED) == 0) {
		va_start(arguments, format);
		vsnprintf(stress->complaint, sizeof(stress->complaint), format, arguments);
		va_end(arguments);
	}
	return STRESS_WRONG;
}

void stress_random_seed(unsigned int seed) { random_state = seed * 2654435761u | 1; }

/* Marsaglia's xorshift. */
unsigned int stress_random(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

void stress_nap_us(unsigned int us)
{
	const struct timespec nap = { .tv_sec = us / 1000000,
				      .tv_nsec = (long)(us % 1000000) * 1000 };

	nanosleep(&nap, NULL);
}

/* A page fault without memory is a SIGBUS, an exec that fails half-way a SIGKILL. */
bool stress_was_refused(int wait_status)
{
	int signal = child_signal(wait_status);

	return wait_status == CHILD_NOT_STARTED || signal == SIGBUS || signal == SIGKILL;
}

enum stress_result stress_expect_exit(const char *what, int wait_status, int code)
{
	if (child_exit_code(wait_status) == code) {
		return STRESS_DONE;
	}
	if (stress_was_refused(wait_status)) {
		return STRESS_REFUSED;
	}
	return stress_complain("%s: wait status 0x%x in place of exit code %d", what, wait_status,
			       code);
}

enum stress_result stress_expect_signal(const char *what, int wait_status, int signal)
{
	if (child_signal(wait_status) == signal) {
		return STRESS_DONE;
	}
	if (stress_was_refused(wait_status)) {
		return STRESS_REFUSED;
	}
	return stress_complain("%s: wait status 0x%x in place of signal %d", what, wait_status,
			       signal);
}

void stress_touch_nothing(void)
{
	/* the compiler must not know */
	int *volatile nothing = (int *)8;

	*nothing = 1;
}
