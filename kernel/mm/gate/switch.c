/*
 * In the gate: who runs on this processor. Told is a kernel stack, which is a thread: whose it is,
 * and where it goes on, is written down here, so no pointer of ordinary memory makes one process's
 * thread run as another's. What follows from whose it is stands in its entry of credentials: the
 * root, and all that it may do.
 *
 * Invariant: outside this operation CR3 has the current root, its shadow, or the one that is left.
 * Each is named before it is loaded, and only then asked whether it lives; who lets one die says so
 * first, and only then looks who names it.
 */
#include "mm/gate/switch.h"

#include "arch/x86_64/cr3.h"
#include "core/cpu.h"
#include "mm/asid.h"
#include "mm/gate/calls.h"
#include "mm/gate/operations.h"
#include "mm/gate/stacks.h"
#include "mm/gate/user_half.h"
#include "mm/kspace.h"
#include "mm/ptable.h"
#include "mm/tlb_hw.h"

static cr3_t boot_cr3(void)
{
	return cr3_noflush(cr3_make(pfn_to_pa(kernel_root), (pcid_t){ PCID_BOOT }));
}

void switch_begin_cpu(unsigned cpu, uint32_t stack)
{
	struct current *current = (struct current *)(uint64_t)gate_current(cpu);

	half_begin();
	*current = (struct current){ .exit_cr3 = half_exit_of(boot_cr3()),
				     .kernel_cr3 = boot_cr3(),
				     .root = kernel_root.pfn,
				     .stack = stack,
				     .binding = CURRENT_NO_BINDING,
				     .pid = CURRENT_KERNEL };
	stack_begin(stack);
}

static uint64_t slot_start(uint32_t stack) { return kspace_base + stack * SLOT_BYTES; }

bool gate_root_is_named(uint32_t root)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		uint64_t roots = tlb_hw_read(&gate_current(cpu)->roots);

		if (half_root(roots) == root || half_left(roots) == root) {
			return true;
		}
	}
	return false;
}

bool gate_root_runs_elsewhere(uint32_t root)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		const struct current *current = gate_current(cpu);

		if (current != current_here() && half_root(tlb_hw_read(&current->roots)) == root) {
			return true;
		}
	}
	return false;
}

/* A user half's, and neither new nor dying nor idle. */
static bool is_alive(uint32_t root)
{
	uint64_t word =
		__atomic_load_n((const uint64_t *)frame_entry((pfn_t){ root }), __ATOMIC_ACQUIRE);

	return !((word ^ FRAME_WORD(.owner = OWNER_PTABLE, .flags = LEVEL_MAX | TABLE_LINKED,
				    .number = root)) &
		 ~FRAME_WORD(.nr_used = UINT16_MAX));
}

/* False, as the caller's answer is. The root that was in use was named by nobody for a moment. */
static __attribute__((noinline)) bool go_back(struct current *current, uint32_t root)
{
	(void)half_name(current, root);
	if (root == kernel_root.pfn || !is_alive(root)) {
		(void)half_name(current, kernel_root.pfn);
		(void)half_load_none(current, boot_cr3());
	} else {
		(void)half_load(current, root, current->slot | SWITCH_LOAD);
	}
	return false;
}

/*
 * False: the root is not alive, and none is in use that was not. It is named first, and only then
 * asked whether it lives, and is the entry's still.
 */
static inline __attribute__((always_inline)) bool root_change(struct current *current,
							      const struct credential *entry,
							      uint32_t root, uint64_t how,
							      unsigned *did)
{
	uint64_t before = half_name(current, root);

	if (UNLIKELY(root == kernel_root.pfn)) {
		*did = half_load_none(current, boot_cr3());
		return true;
	}
	if (UNLIKELY(gate_is_shut() && (!is_alive(root) || entry->root.pfn != root))) {
		return go_back(current, half_root(before));
	}
	*did = half_load(current, root, (unsigned)how);
	return true;
}

/* Without an address space no call is made: the table that was in force stays so. */
static inline unsigned binding_note(const struct current *current, const struct credential *entry,
				    uint64_t how)
{
	uint32_t noted = __atomic_load_n(&current->binding, __ATOMIC_RELAXED);

	if (LIKELY(entry->binding == noted) || how & SWITCH_TO_KERNEL) {
		return 0;
	}
	return gate_calls_follow(entry) ? 0 : SWITCH_BINDS;
}

/* The stack that goes on, where the one that is left does so later, and enum switch_how. Who makes
 * the stack run here is alone in that, by the first exchange. */
uint64_t gate_switch(uint64_t stack, uint64_t rsp, uint64_t how, uint64_t unused3)
{
	struct current *current = half_hw_writable(current_here());
	struct kstack_owner *to, *from = &owners()[current->stack];
	const struct credential *entry;
	uint32_t rsp_to, root;
	unsigned did = 0;

	(void)unused3;
	rsp -= slot_start(current->stack);
	if (UNLIKELY(stack >= nr_kstacks || (how & SWITCH_SLOT) >= NR_ASIDS || rsp >= SLOT_BYTES)) {
		return GATE_NO_FRAME;
	}
	to = &owners()[stack];
	rsp_to = __atomic_exchange_n(&to->rsp, 0, __ATOMIC_SEQ_CST);
	if (UNLIKELY(!rsp_to)) {
		return GATE_IN_USE;
	}
	entry = credential_of(to->pid);
	root = UNLIKELY(how & SWITCH_TO_KERNEL) ? kernel_root.pfn : entry->root.pfn;
	if (LIKELY(root != current->root) &&
	    UNLIKELY(!root_change(current, entry, root, how, &did))) {
		to->rsp = rsp_to;
		return GATE_NOT_OURS;
	}
	current->stack = (uint32_t)stack;
	current->pid = to->pid;
	__atomic_store_n(&from->rsp, (uint32_t)rsp, __ATOMIC_RELEASE);
	did |= binding_note(current, entry, how);
	return (slot_start((uint32_t)stack) + rsp_to + did) << GATE_VALUE_SHIFT;
}

/* The thread leaves its process: whatever becomes of that one's entry is nothing to it. */
static void leave(struct current *current)
{
	stack_count(current->pid, -1);
	owners()[current->stack].pid = current->pid = CURRENT_LEFT;
}

/* enum switch_how alone: the stack stays. */
uint64_t gate_switch_here(uint64_t how, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	struct current *current = half_hw_writable(current_here());
	const struct credential *entry = credential_of(current->pid);
	uint32_t root = how & SWITCH_TO_KERNEL ? kernel_root.pfn : entry->root.pfn;
	unsigned did = 0;

	(void)unused1, (void)unused2, (void)unused3;
	if ((how & SWITCH_SLOT) >= NR_ASIDS || (how & SWITCH_LEAVE && !(how & SWITCH_TO_KERNEL))) {
		return GATE_NO_FRAME;
	}
	if (root != current->root) {
		if (!root_change(current, entry, root, how, &did)) {
			return GATE_NOT_OURS;
		}
	} else if (how & SWITCH_LOAD && root != kernel_root.pfn) {
		did = half_load(current, root, current->slot | SWITCH_LOAD);
	}
	did |= binding_note(current, entry, how);
	if (how & SWITCH_LEAVE && current->pid < KSTACK_PIDS) {
		leave(current);
	}
	return GATE_DONE | (uint64_t)did << GATE_VALUE_SHIFT;
}
