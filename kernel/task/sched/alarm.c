/* A thread of the kernel's own sleeps until the first alarm of any process is due. */
#include "task/sched/alarm.h"

#include "arch/x86_64/device/clock.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "task/process/process.h"
#include "task/process/signal.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"

/* An alarm that repeats does so at most as often as a busy CPU's timer ticks. */
#define EVERY_LEAST_NS 10000000ul

static RO_AFTER_INIT struct thread *sleeper;
/* Guarded by process_lock. */
static uint64_t earliest_ns = UINT64_MAX; /* until when it sleeps, at most */

struct look {
	uint64_t now_ns;
	uint64_t *next_ns;
};

static void ring(uint32_t pid, struct process *process, const void *argument)
{
	const struct look *look = argument;

	(void)pid;

	if (process->alarm_ns && process->alarm_ns <= look->now_ns) {
		process->alarm_ns =
			process->alarm_every_ns ? look->now_ns + process->alarm_every_ns : 0;
		signal_deliver(process, SIGNAL_ALRM);
	}
	if (process->alarm_ns) {
		*look->next_ns = MIN(*look->next_ns, process->alarm_ns);
	}
}

/* Blocks. Tells those whose time has come; when to look again, but for alarms set meanwhile. */
static uint64_t ring_due(void)
{
	uint64_t next_ns = UINT64_MAX, births;

	lock_acquire(&process_lock);
	earliest_ns = UINT64_MAX;
	lock_release(&process_lock);
	(void)process_for_each_in_pieces(ring, &(struct look){ clock_now_ns(), &next_ns }, &births);
	return next_ns;
}

/* When to look again. Whoever sets an alarm from now on sees by this whether to wake the sleeper.
 */
static uint64_t earliest_take(uint64_t next_ns)
{
	lock_acquire(&process_lock);
	earliest_ns = MIN(earliest_ns, next_ns);
	next_ns = earliest_ns;
	lock_release(&process_lock);
	return next_ns;
}

static void sleeper_main(void *thread)
{
	(void)thread;
	for (;;) {
		struct timer timer;
		uint64_t next_ns;

		next_ns = ring_due();
		sched_prepare();
		next_ns = earliest_take(next_ns);
		timer_start(&timer, next_ns);
		sched_block();
		timer_stop(&timer);
	}
}

void alarm_init(void)
{
	if (thread_create(NULL, sleeper_main, &sleeper)) {
		panic("no memory for alarms");
	}
}

void alarm_start(void) { sched_start(sleeper); }

/* Caller holds process_lock. */
static void read(const struct process *process, struct alarm *out)
{
	uint64_t now_ns = clock_now_ns();

	assert(lock_is_held(&process_lock));
	*out = (struct alarm){ .every_ns = process->alarm_every_ns };
	if (process->alarm_ns) {
		out->left_ns = process->alarm_ns > now_ns ? process->alarm_ns - now_ns : 1;
	}
}

void alarm_set(const struct alarm *wish, struct alarm *old)
{
	struct process *process = process_current();

	lock_acquire(&process_lock);
	read(process, old);
	process->alarm_ns = wish->left_ns ? clock_now_ns() + wish->left_ns : 0;
	process->alarm_every_ns = wish->every_ns ? MAX(wish->every_ns, EVERY_LEAST_NS) : 0;
	/* a later one the sleeper finds in time */
	if (process->alarm_ns && process->alarm_ns < earliest_ns) {
		earliest_ns = process->alarm_ns;
		sched_wake(sleeper);
	}
	lock_release(&process_lock);
}

void alarm_get(struct alarm *out)
{
	lock_acquire(&process_lock);
	read(process_current(), out);
	lock_release(&process_lock);
}
