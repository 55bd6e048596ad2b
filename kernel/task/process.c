/* The tree of processes. */
#include "task/process.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/process_end.h"

struct lock process_lock = LOCK_INIT("process", RANK_process);

/* Guarded by process_lock. */
static struct list all = LIST_INIT(all);
static uint64_t nr_all;
static uint32_t last_pid;

static struct slab_cache cache;

void process_init(void)
{
	slab_cache_init(&cache, "process", sizeof(struct process));
	report_boot();
}

static struct process *process_of(struct list *node)
{
	return LIST_ENTRY(node, struct process, all);
}

struct process *process_find(uint32_t pid)
{
	assert(lock_is_held(&process_lock));
	LIST_FOR_EACH (node, &all) {
		if (process_of(node)->pid == pid) {
			return process_of(node);
		}
	}
	return NULL;
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
	list_init(&process->children);
	list_init(&process->sibling);
	list_init(&process->all);
	list_init(&process->threads);
	wait_queue_init(&process->child_wait, "child wait");
	*out = process;
	return STATUS_OK;
}

void process_free(struct process *process)
{
	assert(!process->as && list_is_empty(&process->threads) &&
	       list_is_empty(&process->children));
	report_clear(&process->report);
	report_clear(&process->last_report);
	slab_free(&cache, process);
}

/* Caller holds process_lock. uid 0 must always be able to start what ends the others. */
static bool quota_left(uint32_t uid)
{
	uint32_t nr = 0;

	if (uid == 0) {
		return true;
	}
	LIST_FOR_EACH (node, &all) {
		nr += process_of(node)->uid == uid;
	}
	return nr < PROCESSES_PER_UID;
}

/* Caller holds process_lock. The next pid that nobody has, going round; 0: all are taken. */
static uint32_t pid_next(void)
{
	for (uint32_t tries = 0; tries < PID_MAX; tries++) {
		last_pid = last_pid % PID_MAX + 1;
		if (!process_find(last_pid)) {
			return last_pid;
		}
	}
	return 0;
}

static void inherit(struct process *process, const struct process *parent)
{
	process->uid = parent->uid;
	process->uid_first = parent->uid_first;
	process->signals_ignored = parent->signals_ignored;
	process->descriptors = parent->descriptors;
	memcpy(process->name, parent->name, sizeof(process->name));
}

status_t process_add(struct process *process, struct process *parent)
{
	status_t status = STATUS_EAGAIN;

	lock_acquire(&process_lock);
	if (!parent || quota_left(parent->uid)) {
		process->pid = pid_next();
		status = process->pid ? STATUS_OK : STATUS_EAGAIN;
	}
	if (status == STATUS_OK) {
		if (parent) {
			inherit(process, parent);
			process->parent = parent;
			list_push_back(&parent->children, &process->sibling);
		}
		list_push_back(&all, &process->all);
		nr_all++;
	}
	lock_release(&process_lock);
	return status;
}

void process_remove(struct process *process)
{
	assert(lock_is_held(&process_lock));
	list_remove(&process->sibling);
	list_remove(&process->all);
	nr_all--;
}

void process_add_thread(struct process *process, struct thread *thread)
{
	lock_acquire(&process_lock);
	thread->process = process;
	thread->tid = process->pid;
	list_push_back(&process->threads, &thread->process_node);
	process->nr_threads++;
	lock_release(&process_lock);
}
