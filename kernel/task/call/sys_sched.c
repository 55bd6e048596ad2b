/* Scheduler calls: who runs where. */
#include "core/cpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as/usercopy.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/process/process.h"
#include "task/sched/sched.h"

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

/* Caller holds process_lock. By tid; 0: the caller. */
static struct thread *find(uint64_t tid)
{
	return (uint32_t)tid == 0 ? thread_current() : process_find_thread((uint32_t)tid);
}

/* Caller holds process_lock. */
static bool may_change(const struct thread *thread)
{
	uint32_t uid = credentials_acting_uid(process_current());

	assert(lock_is_held(&process_lock));
	return uid == 0 || uid == credentials_uid(thread->process);
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
	status_t status = STATUS_ESRCH;

	if (copy_from_user(&set, (uva_t){ set_at }, MIN((uint32_t)size_bytes, sizeof(set)))) {
		return STATUS_EFAULT;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(set.words); i++) {
		set.words[i] &= all.words[i];
		any |= set.words[i];
	}
	lock_acquire(&process_lock);
	thread = find(tid);
	if (thread) {
		status = !may_change(thread) ? STATUS_EPERM : any ? STATUS_OK : STATUS_EINVAL;
	}
	if (status == STATUS_OK) {
		allow(thread, &set);
	}
	lock_release(&process_lock);
	return status;
}

/* Returns how many bytes the set takes, as Linux does. */
int64_t sys_sched_getaffinity(uint64_t tid, uint64_t size_bytes, uint64_t set_at)
{
	struct cpu_set set = online();
	const struct thread *thread;
	uint64_t size = (uint32_t)size_bytes, len_bytes = MIN(size, sizeof(set));

	if (size * 8 < nr_cpus || size % sizeof(uint64_t)) {
		return STATUS_EINVAL;
	}
	lock_acquire(&process_lock);
	thread = find(tid);
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
