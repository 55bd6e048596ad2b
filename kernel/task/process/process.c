/* The tree of processes. */
#include "task/process/process.h"

#include "core/poll.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/slab.h"
#include "task/authority/credentials.h"
#include "task/authority/witness.h"
#include "task/process/process_end.h"
#include "task/process/signal.h"
#include "task/sched/bands.h"
#include "task/sched/run_time.h"
#include "task/sched/sched.h"

enum { UMASK_FIRST = 022 };

struct lock process_lock = LOCK_INIT("process", RANK_process);

/* Guarded by process_lock. */
static struct list all = LIST_INIT(all);
static uint64_t nr_all, nr_births;

enum { NR_TID_LISTS = 512 };
/* Threads by tid; guarded by process_lock. */
static struct list tids[NR_TID_LISTS];

/* A piece of a walk, in numbers looked at. A process that is told to end costs as many. */
enum { WALK_MAX = 1024, WALK_PROCESS = 32 };

static struct slab_cache cache;

void process_init(void)
{
	slab_cache_init(&cache, "process", sizeof(struct process));
	for (unsigned i = 0; i < NR_TID_LISTS; i++) {
		list_init(&tids[i]);
	}
	report_boot();
}

static struct process *process_of(struct list *node)
{
	return LIST_ENTRY(node, struct process, all);
}

struct process *process_find(uint32_t pid)
{
	assert(lock_is_held(&process_lock));
	return credentials_holder(pid);
}

static struct thread *thread_of(struct list *node)
{
	return LIST_ENTRY(node, struct thread, process_node);
}

/* No more than PID_MAX / NR_TID_LISTS of them on one. */
static struct list *tids_of(uint32_t tid) { return &tids[tid % NR_TID_LISTS]; }

void process_set_tid(struct thread *thread, uint32_t tid)
{
	assert(lock_is_held(&process_lock));
	thread->tid = tid;
	list_remove(&thread->tid_node);
	list_push_back(tids_of(tid), &thread->tid_node);
}

struct thread *process_find_thread(uint32_t tid)
{
	assert(lock_is_held(&process_lock));
	LIST_FOR_EACH (node, tids_of(tid)) {
		struct thread *thread = LIST_ENTRY(node, struct thread, tid_node);

		if (thread->tid == tid) {
			return thread;
		}
	}
	return NULL;
}

uint64_t process_run_time(const struct process *process)
{
	uint64_t ticks = process->ended_ticks;

	assert(lock_is_held(&process_lock));
	LIST_FOR_EACH (node, &process->threads) {
		ticks += sched_run_time(thread_of(node));
	}
	return ticks;
}

void process_for_each(void (*visit)(struct process *, const void *), const void *argument)
{
	lock_acquire(&process_lock);
	LIST_FOR_EACH (node, &all) {
		visit(process_of(node), argument);
	}
	lock_release(&process_lock);
}

bool process_for_each_in_pieces(void (*visit)(uint32_t pid, struct process *, const void *),
				const void *argument, uint64_t *births)
{
	unsigned work = 0;
	bool was_paused = false;

	lock_acquire(&process_lock);
	*births = nr_births;
	for (uint32_t pid = pid_next(PID_INIT); pid; pid = pid_next(pid + 1)) {
		struct process *process;

		if (work >= WALK_MAX) {
			lock_release(&process_lock);
			(void)poll_call();
			lock_acquire(&process_lock);
			was_paused = true;
			work = 0;
		}
		process = process_find(pid);
		if (process) {
			visit(pid, process, argument);
			work += WALK_PROCESS;
		}
		work++;
	}
	lock_release(&process_lock);
	return was_paused;
}

status_t process_find_stopped(uint64_t pid, struct process **out)
{
	struct process *process = process_current();

	if (pid) {
		lock_acquire(&process_lock);
		process = process_find((uint32_t)MIN(pid, UINT32_MAX));
		lock_release(&process_lock);
	}
	if (!process || !process->as) {
		return STATUS_ESRCH;
	}
	*out = process;
	return STATUS_OK;
}

uint64_t process_count(void) { return __atomic_load_n(&nr_all, __ATOMIC_RELAXED); }

status_t process_alloc(struct process **out)
{
	struct process *process;
	void *object;
	status_t status = slab_alloc(&cache, &object);

	if (status) {
		return status;
	}
	process = object;
	report_init(&process->report);
	report_init(&process->last_report);
	process->descriptors = DESCRIPTORS_CONSOLE;
	process->end_signal = SIGNAL_CHLD;
	process->umask = UMASK_FIRST;
	list_init(&process->children);
	list_init(&process->sibling);
	list_init(&process->all);
	list_init(&process->threads);
	wait_queue_init(&process->child_wait, "child wait");
	wait_queue_init(&process->thread_wait, "thread wait");
	*out = process;
	return STATUS_OK;
}

void process_free(struct process *process)
{
	assert(list_is_empty(&process->threads) && list_is_empty(&process->children));
	if (process->as) {
		as_put(process->as);
	}
	report_clear(&process->report);
	report_clear(&process->last_report);
	slab_free(&cache, process);
}

/*
 * Caller holds process_lock. uid 0 must always be able to start what ends the others. A thread that
 * is about to join counts too late, which lets a few more through.
 */
static bool quota_left(uint32_t uid)
{
	uint32_t nr_processes = 0, nr_threads = 0;

	assert(lock_is_held(&process_lock));
	if (uid == 0) {
		return true;
	}
	LIST_FOR_EACH (node, &all) {
		if (credentials_uid(process_of(node)) == uid) {
			nr_processes++;
			nr_threads += process_of(node)->nr_threads;
		}
	}
	return nr_processes < PROCESSES_PER_UID && nr_threads < THREADS_PER_UID;
}

static void inherit(struct process *process, const struct process *parent)
{
	process->uid_first = parent->uid_first;
	process->band_fresh = parent->band_fresh;
	process->signals_ignored = parent->signals_ignored;
	process->umask = parent->umask;
	process->group = parent->group;
	process->session = parent->session;
	process->descriptors = parent->descriptors;
	memcpy(process->name, parent->name, sizeof(process->name));
}

/* Caller holds process_lock. One that is to end has none that would not. */
static bool may_have_child(const struct process *parent)
{
	assert(lock_is_held(&process_lock));
	return nr_all < PROCESSES_MAX && !parent->exiting && credentials_are_own(parent) &&
	       !witness_is_ending(parent) && quota_left(credentials_acting_uid(parent));
}

status_t process_add(struct process *process, struct process *parent)
{
	status_t status = STATUS_EAGAIN;

	lock_acquire(&process_lock);
	if (!parent || may_have_child(parent)) {
		process->pid = pid_alloc();
		status = process->pid ? STATUS_OK : STATUS_EAGAIN;
	}
	if (status == STATUS_OK) {
		status = credentials_give(process, parent);
		if (status) {
			pid_free(process->pid);
		}
	}
	if (status == STATUS_OK) {
		if (parent) {
			inherit(process, parent);
			process->parent = parent;
			list_push_back(&parent->children, &process->sibling);
		} else {
			process->group = process->session = process->pid;
		}
		list_push_back(&all, &process->all);
		nr_all++;
		process->birth = nr_births++;
	}
	lock_release(&process_lock);
	return status;
}

status_t process_remove(struct process *process)
{
	uint32_t pid; /* not process->pid, which is ordinary memory */
	status_t status = credentials_take(process, &pid);

	assert(lock_is_held(&process_lock));
	if (status) {
		return status;
	}
	list_remove(&process->sibling);
	list_remove(&process->all);
	pid_free(pid);
	nr_all--;
	return STATUS_OK;
}

/* Caller holds process_lock. */
static void join(struct process *process, struct thread *thread, uint32_t tid)
{
	assert(lock_is_held(&process_lock));
	thread_give_stack(thread, process->pid);
	thread->process = process;
	process_set_tid(thread, tid);
	thread->band_fresh = process->band_fresh;
	thread->frame_who = frame_who(process->pid);
	list_push_back(&process->threads, &thread->process_node);
	__atomic_store_n(&process->nr_threads, process->nr_threads + 1, __ATOMIC_RELAXED);
}

void process_set_band(struct process *process, uint32_t uid)
{
	lock_acquire(&process_lock);
	process->band_fresh = uid == 0 ? BAND_ROOT_FRESH : BAND_USER_FRESH;
	LIST_FOR_EACH (node, &process->threads) {
		thread_of(node)->band_fresh = process->band_fresh;
	}
	lock_release(&process_lock);
}

void process_add_thread(struct process *process, struct thread *thread)
{
	lock_acquire(&process_lock);
	join(process, thread, process->pid);
	lock_release(&process_lock);
}

status_t process_reserve_thread(uint32_t *tid)
{
	uint32_t id = 0;

	lock_acquire(&process_lock);
	if (process_current()->nr_threads < THREADS_PER_PROCESS &&
	    quota_left(credentials_acting_uid(process_current()))) {
		id = pid_alloc();
	}
	lock_release(&process_lock);
	*tid = id;
	return id ? STATUS_OK : STATUS_EAGAIN;
}

void process_unreserve_thread(uint32_t tid)
{
	lock_acquire(&process_lock);
	pid_free(tid);
	lock_release(&process_lock);
}

void process_add_reserved(struct thread *thread, uint32_t tid)
{
	lock_acquire(&process_lock);
	join(process_current(), thread, tid);
	lock_release(&process_lock);
}
