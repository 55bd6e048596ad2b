/* Scheduler calls: who runs where. */
#include "core/cpu.h"
#include "lib/string.h"
#include "mm/usercopy.h"
#include "task/process.h"
#include "task/sched.h"
#include "task/syscall.h"

int64_t sys_sched_yield(void)
{
	sched_yield();
	return STATUS_OK;
}

/* The CPUs there are. */
static struct cpu_set online(void)
{
	struct cpu_set set = { { 0 } };

	for (uint32_t id = 0; id < nr_cpus; id++) {
		set.words[id / 64] |= 1ul << (id % 64);
	}
	return set;
}

/* Caller holds process_lock. A thread of the caller's process, by tid; 0: the caller. */
static struct thread *find_own(uint64_t tid)
{
	if (tid == 0 || (uint32_t)tid == thread_current()->tid) {
		return thread_current();
	}
	LIST_FOR_EACH (node, &process_current()->threads) {
		struct thread *thread = LIST_ENTRY(node, struct thread, process_node);

		if (thread->tid == (uint32_t)tid) {
			return thread;
		}
	}
	return NULL;
}

/* Word by word: others read it meanwhile and may see a mixture, which they find out later. */
static void allow(struct thread *thread, const struct cpu_set *set)
{
	for (unsigned i = 0; i < ARRAY_SIZE(set->words); i++) {
		__atomic_store_n(&thread->allowed.words[i], set->words[i], __ATOMIC_RELAXED);
	}
	sched_interrupt(thread);
}

int64_t sys_sched_setaffinity(uint64_t tid, uint64_t size_bytes, uint64_t set_at)
{
	struct cpu_set set = { { 0 } }, all = online();
	struct thread *thread;
	uint64_t any = 0;

	if (copy_from_user(&set, (uva_t){ set_at }, MIN(size_bytes, sizeof(set)))) {
		return STATUS_EFAULT;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(set.words); i++) {
		set.words[i] &= all.words[i];
		any |= set.words[i];
	}
	if (!any) {
		return STATUS_EINVAL;
	}
	lock_acquire(&process_lock);
	thread = find_own(tid);
	if (thread) {
		allow(thread, &set);
	}
	lock_release(&process_lock);
	return thread ? STATUS_OK : STATUS_ESRCH;
}

/* Returns how many bytes the set takes, as Linux does. */
int64_t sys_sched_getaffinity(uint64_t tid, uint64_t size_bytes, uint64_t set_at)
{
	struct cpu_set set = online();
	const struct thread *thread;
	uint64_t len_bytes = MIN(size_bytes, sizeof(set));

	if (size_bytes * 8 < nr_cpus || size_bytes % sizeof(uint64_t)) {
		return STATUS_EINVAL;
	}
	lock_acquire(&process_lock);
	thread = find_own(tid);
	for (unsigned i = 0; thread && i < ARRAY_SIZE(set.words); i++) {
		set.words[i] &= thread->allowed.words[i];
	}
	lock_release(&process_lock);
	if (!thread) {
		return STATUS_ESRCH;
	}
	return copy_to_user((uva_t){ set_at }, &set, len_bytes) ? STATUS_EFAULT
								: (int64_t)len_bytes;
}

/* All of memory is one node. */
int64_t sys_getcpu(uint64_t cpu_at, uint64_t node_at)
{
	if ((cpu_at && store_user_u32((uva_t){ cpu_at }, this_cpu()->id)) ||
	    (node_at && store_user_u32((uva_t){ node_at }, 0))) {
		return STATUS_EFAULT;
	}
	return STATUS_OK;
}
