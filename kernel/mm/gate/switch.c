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
#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/entry_area.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/tlb_insn.h"
#include "core/cpu.h"
#include "mm/asid.h"
#include "mm/gate/operations.h"
#include "mm/gate/stacks.h"
#include "mm/kspace.h"
#include "mm/ptable.h"

/* What CR3 has besides the root, by slot; and besides that, for the way out. */
static RO_AFTER_INIT uint64_t slot_bits[NR_ASIDS], user_bits;

static cr3_t boot_cr3(void)
{
	return cr3_noflush(cr3_make(pfn_to_pa(kernel_root), (pcid_t){ PCID_BOOT }));
}

void switch_begin_cpu(unsigned cpu, uint32_t stack)
{
	struct current *current = (struct current *)(uint64_t)gate_current(cpu);

	*current = (struct current){ .exit_cr3 = boot_cr3(),
				     .kernel_cr3 = boot_cr3(),
				     .root = kernel_root.pfn,
				     .stack = stack,
				     .pid = CURRENT_KERNEL };
	stack_begin(stack);
	for (unsigned slot = 0; slot < NR_ASIDS && pcid_is_on; slot++) {
		slot_bits[slot] = CR3_NOFLUSH | (PCID_SLOT_FIRST + slot);
	}
	user_bits = pcid_is_on ? PAGE_SIZE | PCID_USER_BIT : PAGE_SIZE;
}

/* Where the gate writes it. */
static inline struct current *writable(const struct current *current)
{
	return (struct current *)((uint64_t)current + gate_distance);
}

static uint64_t slot_start(uint32_t stack) { return kspace_base + stack * SLOT_BYTES; }

static bool is_root(const struct current *current, uint32_t root)
{
	return __atomic_load_n(&current->root, __ATOMIC_ACQUIRE) == root;
}

bool gate_root_is_named(uint32_t root)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		const struct current *current = gate_current(cpu);

		if (is_root(current, root) ||
		    __atomic_load_n(&current->left, __ATOMIC_ACQUIRE) == root) {
			return true;
		}
	}
	return false;
}

bool gate_root_runs_elsewhere(uint32_t root)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		if (gate_current(cpu) != current_here() && is_root(gate_current(cpu), root)) {
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

/* Values of CR3 for the current root: with the PCIDs of a slot, or the kernel's own. */
static inline void set_cr3(struct current *current, uint32_t root, unsigned slot)
{
	uint64_t base = pfn_to_pa((pfn_t){ root }).pa | slot_bits[slot];

	current->kernel_cr3.value = base;
	current->exit_cr3.value = base | user_bits;
}
static __attribute__((noinline)) void set_boot_cr3(struct current *current)
{
	current->kernel_cr3 = current->exit_cr3 = boot_cr3();
}

/* The first word of the gate's stack: with ptprot=window what is loaded when it closes. */
static inline uint64_t *caller_cr3(void)
{
	return (uint64_t *)PERCPU_SEALED_READ(offsetof(struct cpu_sealed, gate_stack_top)) - 1;
}

static inline cr3_t loaded_cr3(void)
{
	return gate_in_force == ptprot_window ? (cr3_t){ *caller_cr3() } : cr3_read();
}

/* The way out loads a shadow root, whatever ordinary memory says: the caller's IDT tells. */
static inline bool exit_loads(void)
{
	const struct table_pointer *idtr =
		(const struct table_pointer *)((uint64_t)(caller_cr3() + 1) - GATE_IDTR_BELOW);

	return idtr->base != ENTRY_AREA_BASE + ENTRY_IDT_OFFSET + kaiser_off * PAGE_SIZE;
}

/* What a slot's PCIDs hold goes; that of the kernel, where its root is loaded here, with the load.
 */
static void flush_slot(unsigned slot)
{
	pcid_t user = { (uint16_t)(PCID_SLOT_FIRST + slot) | PCID_USER_BIT };

	if (!pcid_is_on) {
		return;
	}
	if (cpu_features.invpcid && gate_in_force != ptprot_window) {
		insn_invpcid(INVPCID_PCID, user, 0);
	} else {
		gate_flush_everything();
	}
}

/* The current root is loaded. With ptprot=window when the gate closes, as another is loaded here.
 */
static __attribute__((noinline)) uint64_t load(struct current *current, uint64_t how,
					       uint64_t result)
{
	cr3_t cr3 = current->kernel_cr3;

	if (how & SWITCH_FLUSH) {
		flush_slot(how & SWITCH_SLOT);
	}
	if (gate_in_force == ptprot_window) {
		*caller_cr3() = cr3.value;
	} else {
		cr3_write(how & SWITCH_FLUSH ? cr3_flushing(cr3) : cr3);
	}
	__atomic_store_n(&current->left, 0, __ATOMIC_RELEASE);
	return result;
}

/* False, as the caller's answer is. */
static __attribute__((noinline)) bool names_put_back(struct current *current, uint32_t root,
						     uint32_t left)
{
	current->root = root;
	current->left = left;
	return false;
}

/* The slot changes hands, whoever asked. */
static __attribute__((noinline)) uint64_t slot_take(struct current *current, uint64_t how,
						    uint32_t root)
{
	current->slots[how & SWITCH_SLOT] = root;
	return (how | SWITCH_FLUSH) & ~(uint64_t)SWITCH_LATER;
}

/*
 * False: the root is not alive, and nothing has changed. It is named first, by an exchange, which
 * is a full barrier; and only then asked whether it lives, and is the entry's still.
 */
static inline __attribute__((always_inline)) bool
root_change(struct current *current, const struct credential *entry, uint32_t root, uint64_t *how)
{
	uint32_t root_before = current->root, left_before = current->left;

	current->left = pa_to_pfn(cr3_root(loaded_cr3())).pfn;
	__atomic_exchange_n(&current->root, root, __ATOMIC_SEQ_CST);
	if (UNLIKELY(root == kernel_root.pfn)) {
		set_boot_cr3(current);
	} else if (UNLIKELY(gate_is_shut() && (!is_alive(root) || entry->root.pfn != root))) {
		return names_put_back(current, root_before, left_before);
	} else {
		set_cr3(current, root, *how & SWITCH_SLOT);
		if (UNLIKELY(current->slots[*how & SWITCH_SLOT] != root)) {
			*how = slot_take(current, *how, root);
		}
	}
	if (*how & SWITCH_LATER && gate_is_shut() && UNLIKELY(!exit_loads())) {
		*how &= ~(uint64_t)SWITCH_LATER;
	}
	return true;
}

/* Without an address space no table of calls is anybody's: the next one's is put in force. */
static inline uint64_t binding_note(struct current *current, const struct credential *entry,
				    uint64_t how)
{
	uint32_t binding = UNLIKELY(how & SWITCH_TO_KERNEL) ? CURRENT_NO_BINDING : entry->binding;

	if (LIKELY(binding == current->binding)) {
		return 0;
	}
	current->binding = binding;
	return how & SWITCH_TO_KERNEL ? 0 : SWITCH_BINDS << GATE_VALUE_SHIFT;
}

/* The stack that goes on, where the one that is left does so later, and enum switch_how. Who makes
 * the stack run here is alone in that, by the first exchange. */
uint64_t gate_switch(uint64_t stack, uint64_t rsp, uint64_t how, uint64_t unused3)
{
	struct current *current = writable(current_here());
	struct kstack_owner *to, *from = &owners()[current->stack];
	const struct credential *entry;
	uint32_t rsp_to, root;

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
	if (UNLIKELY(root == current->root)) {
		how |= SWITCH_LATER;
	} else if (UNLIKELY(!root_change(current, entry, root, &how))) {
		to->rsp = rsp_to;
		return GATE_NOT_OURS;
	}
	current->stack = (uint32_t)stack;
	current->pid = to->pid;
	__atomic_store_n(&from->rsp, (uint32_t)rsp, __ATOMIC_RELEASE);
	rsp = (slot_start((uint32_t)stack) + rsp_to) << GATE_VALUE_SHIFT;
	rsp |= binding_note(current, entry, how);
	return UNLIKELY(!(how & SWITCH_LATER)) ? load(current, how, rsp) : rsp;
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
	struct current *current = writable(current_here());
	const struct credential *entry = credential_of(current->pid);
	uint32_t root = how & SWITCH_TO_KERNEL ? kernel_root.pfn : entry->root.pfn;
	uint64_t result;

	(void)unused1, (void)unused2, (void)unused3;
	if ((how & SWITCH_SLOT) >= NR_ASIDS) {
		return GATE_NO_FRAME;
	}
	if (root == current->root && !(how & SWITCH_LOAD)) {
		how |= SWITCH_LATER;
	} else if (!root_change(current, entry, root, &how)) {
		return GATE_NOT_OURS;
	}
	result = binding_note(current, entry, how);
	if (how & SWITCH_LEAVE && current->pid < KSTACK_PIDS) {
		leave(current);
	}
	return how & SWITCH_LATER ? result : load(current, how, result);
}

void gate_root_forget(uint32_t root)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		struct current *current = writable(gate_current(cpu));

		for (unsigned slot = 0; slot < NR_ASIDS; slot++) {
			uint32_t found = root;

			(void)__atomic_compare_exchange_n(&current->slots[slot], &found, 0, false,
							  __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
		}
	}
}

void gate_bindings_forget(void)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		struct current *current = writable(gate_current(cpu));

		__atomic_store_n(&current->binding, CURRENT_NO_BINDING, __ATOMIC_RELAXED);
	}
}
