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
#include "mm/gate/current/switch.h"

#include "arch/x86_64/cpu/cr3.h"
#include "core/cpu.h"
#include "mm/frame/kspace.h"
#include "mm/gate/current/calls.h"
#include "mm/gate/current/user_half.h"
#include "mm/gate/kernel/stacks.h"
#include "mm/gate/operations.h"
#include "mm/table/ptable.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/tlb_hw.h"

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
static inline bool is_alive(uint32_t root)
{
	const uint16_t alive =
		(uint16_t)FRAME_WORD(.owner = OWNER_PTABLE, .flags = LEVEL_MAX | TABLE_LINKED);
	uint64_t word =
		__atomic_load_n((const uint64_t *)frame_entry((pfn_t){ root }), __ATOMIC_ACQUIRE);

	return (uint16_t)word == alive && (uint32_t)(word >> 32) == root;
}

/* Once it is named. */
static inline bool may_use(const struct credential *entry, uint32_t root)
{
	return is_alive(root) && entry->root.pfn == root;
}

/* False, as the caller's answer is. The root that was in use was named by nobody for a moment. */
static __attribute__((noinline)) bool go_back(struct current *current, uint32_t root)
{
	half_name(current, root);
	if (root == kernel_root.pfn || !is_alive(root)) {
		half_name(current, kernel_root.pfn);
		(void)half_load_none(current, boot_cr3());
	} else {
		(void)half_load(current, root, SWITCH_LOAD);
	}
	return false;
}

static __attribute__((noinline)) unsigned to_kernel_root(struct current *current)
{
	half_name(current, kernel_root.pfn);
	return half_load_none(current, boot_cr3());
}

/*
 * From the root that was in use, `before`. False: the new one is not alive, and none is in use that
 * was not, but for the kernel's. It is named first, and only then asked whether it lives, and is
 * the entry's still.
 */
static bool root_change(struct current *current, uint32_t before, const struct credential *entry,
			uint32_t root, unsigned how, unsigned *did)
{
	if (root == kernel_root.pfn) {
		*did = to_kernel_root(current);
		return true;
	}
	half_name(current, root);
	if (gate_is_shut() && !may_use(entry, root)) {
		return go_back(current, before);
	}
	*did = half_load(current, root, how);
	return true;
}

/* Without an address space no call is made: the table that was in force stays so. */
static __attribute__((noinline)) unsigned binding_follow(const struct current *current,
							 const struct credential *entry)
{
	return current->root == kernel_root.pfn || gate_calls_follow(entry) ? 0 : SWITCH_BINDS;
}
static inline bool is_bound(const struct current *current, const struct credential *entry)
{
	return entry->binding == __atomic_load_n(&current->binding, __ATOMIC_RELAXED);
}
static unsigned binding_note(const struct current *current, const struct credential *entry)
{
	return is_bound(current, entry) ? 0 : binding_follow(current, entry);
}

/* Who was current is so again, on the stack that was to be left; the other does not run. */
static __attribute__((noinline)) uint64_t undo(struct current *current, struct kstack_owner *from,
					       uint32_t rsp_to)
{
	struct kstack_owner *to = &owners()[current->stack];

	current->stack = (uint32_t)(from - owners());
	current->pid = from->pid;
	__atomic_store_n(&to->rsp, rsp_to, __ATOMIC_RELEASE);
	return GATE_NOT_OURS;
}

/* The rest of a switch that finds anything else than most do: the owner is current already, and its
 * root may be named. */
static __attribute__((noinline)) uint64_t switch_slowly(struct current *current,
							const struct credential *entry,
							struct kstack_owner *from, uint32_t rsp,
							uint64_t to)
{
	uint32_t before = credential_of(from->pid)->root.pfn;
	unsigned did = 0;

	half_look_out(current);
	if (!root_change(current, before, entry, entry->root.pfn, 0, &did)) {
		return undo(current, from, (uint32_t)to % SLOT_BYTES);
	}
	did |= binding_note(current, entry);
	__atomic_store_n(&from->rsp, rsp, __ATOMIC_RELEASE);
	return to + did;
}

/*
 * The stack that goes on, where the one that is left does so later, within itself whatever is told;
 * and in which slot its root may be. Who makes the stack run here is alone in that, by the
 * exchange. Returns where it goes on, in the kernel's half of addresses, and enum switch_did.
 */
static inline __attribute__((always_inline)) uint64_t switch_stack(uint32_t stack, uint32_t rsp,
								   uint64_t slot, bool is_shut)
{
	struct current *current = half_hw_writable(current_here());
	struct kstack_owner *all = owners(), *from;
	const struct credential *entry;
	uint64_t root, to;

	if (UNLIKELY(stack >= nr_kstacks)) {
		return GATE_NO_FRAME;
	}
	to = __atomic_exchange_n(&all[stack].rsp, 0, __ATOMIC_SEQ_CST);
	if (UNLIKELY(!to)) {
		return GATE_IN_USE;
	}
	to += slot_start(stack);
	rsp %= SLOT_BYTES;
	from = &all[current->stack];
	current->stack = stack;
	current->pid = all[stack].pid;
	entry = credential_of(current->pid);
	root = entry->root.pfn;
	if (LIKELY(root != current->root)) {
		if (UNLIKELY(!half_find(current, root, slot) ||
			     (is_shut && !may_use(entry, (uint32_t)root)))) {
			return switch_slowly(current, entry, from, rsp, to);
		}
		half_use(current, root, slot);
	}
	if (UNLIKELY(!is_bound(current, entry))) {
		return switch_slowly(current, entry, from, rsp, to);
	}
	__atomic_store_n(&from->rsp, rsp, __ATOMIC_RELEASE);
	return to;
}

uint64_t gate_switch(uint64_t stack, uint64_t rsp, uint64_t slot, uint64_t unused3)
{
	(void)unused3;
	return switch_stack((uint32_t)stack, (uint32_t)rsp, slot, true);
}

uint64_t switch_openly(uint64_t stack, uint64_t rsp, uint64_t slot)
{
	return switch_stack((uint32_t)stack, (uint32_t)rsp, slot, false);
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
	half_look_out(current);
	if (how & SWITCH_LEAVE && !(how & SWITCH_TO_KERNEL)) {
		return GATE_NO_FRAME;
	}
	if (root != current->root) {
		if (!root_change(current, current->root, entry, root, (unsigned)how, &did)) {
			return GATE_NOT_OURS;
		}
	} else if (how & SWITCH_LOAD && root != kernel_root.pfn) {
		did = half_load(current, root, SWITCH_LOAD);
	}
	did |= binding_note(current, entry);
	if (how & SWITCH_LEAVE && current->pid < KSTACK_PIDS) {
		leave(current);
	}
	return GATE_DONE | (uint64_t)did << GATE_VALUE_SHIFT;
}
