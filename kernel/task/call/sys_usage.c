/*
 * What was used, and what may be: processor time, memory, limits. Time in user mode and in the
 * kernel is not told apart: all of it counts as the former.
 */
#include "arch/x86_64/device/clock.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/as/usercopy.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/half/program.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/process/process.h"
#include "task/process/usage.h"
#include "task/sched/run_queue.h"
#include "task/sched/run_time.h"
#include "task/sched/sched.h"

#define NS_PER_S 1000000000ul
#define NS_PER_US 1000ul
#define NS_PER_CLOCK_TICK 10000000ul /* sysconf(_SC_CLK_TCK) is 100 */

enum { USAGE_SELF = 0, USAGE_CHILDREN = -1, USAGE_THREAD = 1 };

void usage_fill(struct usage *usage, uint64_t ticks)
{
	uint64_t ns = sched_ticks_to_ns(ticks);

	*usage = (struct usage){ .user_s = ns / NS_PER_S, .user_us = ns % NS_PER_S / NS_PER_US };
}

static uint64_t own_ticks(void)
{
	uint64_t ticks;

	lock_acquire(&process_lock);
	ticks = process_run_time(process_current());
	lock_release(&process_lock);
	return ticks;
}

static uint64_t children_ticks(void)
{
	uint64_t ticks;

	lock_acquire(&process_lock);
	ticks = process_current()->waited_ticks;
	lock_release(&process_lock);
	return ticks;
}

int64_t sys_getrusage(uint64_t who, uint64_t at)
{
	struct usage usage;

	switch ((int32_t)who) {
	case USAGE_SELF: usage_fill(&usage, own_ticks()); break;
	case USAGE_CHILDREN: usage_fill(&usage, children_ticks()); break;
	case USAGE_THREAD: usage_fill(&usage, sched_run_time(thread_current())); break;
	default: return STATUS_EINVAL;
	}
	return copy_to_user((uva_t){ at }, &usage, sizeof(usage));
}

/* Returns the time since boot, as the structure has times: in hundredths of a second. */
int64_t sys_times(uint64_t at)
{
	const uint64_t words[4] = { sched_ticks_to_ns(own_ticks()) / NS_PER_CLOCK_TICK, 0,
				    sched_ticks_to_ns(children_ticks()) / NS_PER_CLOCK_TICK, 0 };

	if (at && copy_to_user((uva_t){ at }, words, sizeof(words))) {
		return STATUS_EFAULT;
	}
	return (int64_t)(clock_now_ns() / NS_PER_CLOCK_TICK);
}

/* Linux's struct sysinfo. */
struct system_info {
	int64_t uptime_s;
	uint64_t loads[3]; /* << LOAD_SHIFT */
	uint64_t total_bytes, free_bytes, shared_bytes, buffer_bytes, swap_bytes, free_swap_bytes;
	uint16_t nr_processes, pad;
	uint32_t pad_to_words;
	uint64_t high_bytes, free_high_bytes;
	uint32_t unit_bytes, pad_at_end;
};
static_assert(sizeof(struct system_info) == 112, "Linux's struct sysinfo");
enum { LOAD_SHIFT = 16 };

/* The loads are those of now: nobody keeps averages. */
int64_t sys_sysinfo(uint64_t at)
{
	uint64_t load = (uint64_t)run_queue_load() << LOAD_SHIFT;
	struct frame_stats stats;
	struct system_info info;

	frame_stats_read(&stats);
	info = (struct system_info){
		.uptime_s = (int64_t)(clock_now_ns() / NS_PER_S),
		.loads = { load, load, load },
		.total_bytes = stats.nr_usable * PAGE_SIZE,
		.free_bytes = (stats.nr_free_revealed + stats.nr_free_hidden) * PAGE_SIZE,
		.nr_processes = (uint16_t)process_count(),
		.unit_bytes = 1,
	};
	return copy_to_user((uva_t){ at }, &info, sizeof(info));
}

/* Linux's numbers. */
enum limit {
	LIMIT_STACK = 3,
	LIMIT_CORE = 4,
	LIMIT_PROCESSES = 6,
	LIMIT_FILES = 7,
	LIMIT_PENDING = 11,
	LIMIT_QUEUES = 12,
	LIMIT_NICE = 13,
	LIMIT_REALTIME = 14,
	NR_LIMITS = 16,
};
struct limits {
	uint64_t now, most;
};
#define UNLIMITED UINT64_MAX

/* They are as they are: nothing else is limited process by process. */
static uint64_t limit_of(uint32_t resource)
{
	switch (resource) {
	case LIMIT_STACK: return PROGRAM_STACK_BYTES;
	case LIMIT_FILES: return NR_DESCRIPTORS;
	case LIMIT_PROCESSES:
		return credentials_acting_uid(process_current()) == 0 ? UNLIMITED : THREADS_PER_UID;
	case LIMIT_CORE:
	case LIMIT_PENDING:
	case LIMIT_QUEUES:
	case LIMIT_NICE:
	case LIMIT_REALTIME: return 0;
	default: return UNLIMITED;
	}
}

/* None can be changed: EPERM, unless the wish is what is. */
static status_t limit_set(uint32_t resource, const struct limits *wish)
{
	uint64_t limit = limit_of(resource);

	if (wish->now > wish->most) {
		return STATUS_EINVAL;
	}
	return wish->now == limit && wish->most == limit ? STATUS_OK : STATUS_EPERM;
}

/* Of itself, of its user's, and root of all: ESRCH, EPERM. */
static status_t may_see(uint32_t tid)
{
	const struct process *self = process_current();
	const struct thread *thread;
	uint32_t uid = credentials_acting_uid(self);
	status_t status = STATUS_ESRCH;

	if (tid == 0) {
		return STATUS_OK;
	}
	lock_acquire(&process_lock);
	thread = process_find_thread(tid);
	if (thread) {
		status = thread->process == self || uid == 0 ||
					 uid == credentials_uid(thread->process)
				 ? STATUS_OK
				 : STATUS_EPERM;
	}
	lock_release(&process_lock);
	return status;
}

int64_t sys_prlimit64(uint64_t pid, uint64_t resource, uint64_t new_at, uint64_t old_at)
{
	struct limits wish, limits;
	status_t status;

	if (new_at && copy_from_user(&wish, (uva_t){ new_at }, sizeof(wish))) {
		return STATUS_EFAULT;
	}
	status = may_see((uint32_t)pid);
	if (status) {
		return status;
	}
	if ((uint32_t)resource >= NR_LIMITS) {
		return STATUS_EINVAL;
	}
	if (new_at) {
		status = limit_set((uint32_t)resource, &wish);
		if (status) {
			return status;
		}
	}
	limits.now = limits.most = limit_of((uint32_t)resource);
	return old_at ? copy_to_user((uva_t){ old_at }, &limits, sizeof(limits)) : STATUS_OK;
}

int64_t sys_getrlimit(uint64_t resource, uint64_t at)
{
	struct limits limits;

	if ((uint32_t)resource >= NR_LIMITS) {
		return STATUS_EINVAL;
	}
	limits.now = limits.most = limit_of((uint32_t)resource);
	return copy_to_user((uva_t){ at }, &limits, sizeof(limits));
}

int64_t sys_setrlimit(uint64_t resource, uint64_t at)
{
	struct limits wish;

	if (copy_from_user(&wish, (uva_t){ at }, sizeof(wish))) {
		return STATUS_EFAULT;
	}
	return (uint32_t)resource < NR_LIMITS ? limit_set((uint32_t)resource, &wish)
					      : STATUS_EINVAL;
}
