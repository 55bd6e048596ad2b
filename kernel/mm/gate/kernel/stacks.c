/* In the gate: kernel stacks become a process's, and nobody's again. */
#include "mm/gate/kernel/stacks.h"

#include "mm/frame/kspace.h"
#include "mm/table/ptable.h"

RO_AFTER_INIT struct kstack_owner *kstack_owners;
RO_AFTER_INIT uint32_t nr_kstacks;
RO_AFTER_INIT uint16_t *kstack_counts;

RO_AFTER_INIT struct credential stack_of_kernel;

void stack_begin(uint32_t stack)
{
	kstack_owners[stack] = (struct kstack_owner){ .pid = CURRENT_KERNEL };
	stack_of_kernel.root = kernel_root;
}

static bool change(uint32_t stack, struct kstack_owner from, struct kstack_owner to)
{
	union {
		struct kstack_owner owner;
		uint64_t word;
	} before = { .owner = from }, after = { .owner = to };

	return __atomic_compare_exchange_n((uint64_t *)&owners()[stack], &before.word, after.word,
					   false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* A process that the current one has just forked is all that this one is. */
static bool is_alike(const struct credential *one, const struct credential *other)
{
	return one->holder && other->holder && one->family == other->family &&
	       one->who.uid == other->who.uid && one->who.granted_uid == other->who.granted_uid &&
	       one->binding == other->binding && one->job == other->job;
}

static bool may_give_to(uint32_t pid)
{
	const struct credential *entries = gate_credentials.entries;
	uint32_t current = current_here()->pid;

	return current == CURRENT_KERNEL || current == pid ||
	       (pid == CURRENT_KERNEL && options.ktest == ktest_on) ||
	       (pid < gate_credentials.nr_entries && current < gate_credentials.nr_entries &&
		is_alike(&entries[pid], &entries[current]));
}

/* Of stacks that a pid has: whatever its entry becomes, all of them become. */
static uint16_t *count_of(uint32_t pid)
{
	return (uint16_t *)((uint64_t)&kstack_counts[pid] + gate_distance);
}

void stack_count(uint32_t pid, int more)
{
	if (pid < KSTACK_PIDS) {
		__atomic_fetch_add(count_of(pid), (uint16_t)more, __ATOMIC_SEQ_CST);
	}
}

unsigned gate_nr_stacks(uint32_t pid)
{
	return __atomic_load_n(&kstack_counts[pid], __ATOMIC_ACQUIRE);
}

static uint64_t give(uint32_t stack, uint32_t pid)
{
	struct kstack_owner to = { .rsp = KSTACK_FIRST_RSP, .pid = pid };

	if (!pid || pid == CURRENT_LEFT || (gate_is_shut() && !may_give_to(pid))) {
		return GATE_NOT_OURS;
	}
	if (!change(stack, (struct kstack_owner){ 0 }, to)) {
		return GATE_IN_USE;
	}
	stack_count(pid, 1);
	return GATE_DONE;
}

/* The stack, whose. It is nobody's, and begins at its start. No entry changes meanwhile. */
uint64_t gate_stack_give(uint64_t stack, uint64_t pid, uint64_t unused2, uint64_t unused3)
{
	uint64_t refusal;

	(void)unused2, (void)unused3;
	if (stack >= nr_kstacks) {
		return GATE_NO_FRAME;
	}
	gate_credentials_lock();
	refusal = give((uint32_t)stack, (uint32_t)pid);
	gate_credentials_unlock();
	return refusal;
}

/* It is the current process's, or its thread has left, or its process has no address space any
 * more.
 */
static bool may_take_from(uint32_t pid)
{
	const struct credential *entry = credential_of(pid);

	return !gate_is_shut() || current_here()->pid == pid ||
	       pid >= gate_credentials.nr_entries || !entry->holder ||
	       entry->root.pfn == kernel_root.pfn;
}

/* It runs nowhere. */
uint64_t gate_stack_take(uint64_t stack, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	struct kstack_owner from;

	(void)unused1, (void)unused2, (void)unused3;
	if (stack >= nr_kstacks) {
		return GATE_NO_FRAME;
	}
	from = owners()[stack];
	if (!may_take_from(from.pid)) {
		return GATE_NOT_OURS;
	}
	if ((!from.rsp && from.pid) || !change((uint32_t)stack, from, (struct kstack_owner){ 0 })) {
		return GATE_IN_USE;
	}
	stack_count(from.pid, -1);
	return GATE_DONE;
}
