/* With ptprot: whose a kernel stack is, and who runs on a processor, is no choice of who asks. */
#include "core/options.h"
#include "gate_calls.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/frame/kspace.h"
#include "mm/gate/current/user_half.h"
#include "mm/table/entry_area.h"
#include "mm/table/kaiser.h"
#include "mm/tlb/asid.h"
#include "task/authority/credential_entry.h"
#include "task/process/process.h"
#include "task/sched/thread.h"

/* A slot that no stack was ever in. */
static uint32_t unused(void) { return nr_kstacks - 1; }

static enum gate_refusal given(uint64_t stack, uint64_t pid)
{
	return asked_of(GATE_STACK_GIVE, stack, pid, 0, 0);
}
static enum gate_refusal taken(uint64_t stack) { return asked_of(GATE_STACK_TAKE, stack, 0, 0, 0); }

/* Where that stack goes on; or enum gate_refusal. This one runs on, whatever is written down. */
static uint64_t switched(uint64_t stack, uint64_t rsp, uint64_t slot)
{
	return gate_enter(stack, rsp, slot, 0, 0, GATE_SWITCH);
}

static enum gate_refusal switched_here(uint64_t how)
{
	return asked_of(GATE_SWITCH_HERE, how, 0, 0, 0) & GATE_REFUSAL;
}

static struct current *current(void) { return (struct current *)(uint64_t)current_here(); }

/* The child has what its parent has, but for this. */
static enum gate_refusal given_to(uint32_t pid, struct credential child)
{
	struct credential *entry = (struct credential *)(uint64_t)&credential_entries[pid];
	struct credential before = *entry;
	enum gate_refusal refusal;

	FORCE(*entry = child);
	refusal = given(unused(), pid);
	FORCE(*entry = before);
	return refusal;
}

/* What does not depend on the child. */
static void give_checks_of_parent(const struct process *self)
{
	struct credential *entry = (struct credential *)(uint64_t)&credential_entries[self->pid];
	struct credential own = *entry;
	enum gate_refusal by_kernel, without_holder;

	AS_PROCESS(CURRENT_KERNEL, by_kernel = given(unused(), 0));
	ktest_ok(by_kernel == GATE_NOT_OURS, "nor does the kernel itself give one to nobody");
	FORCE(entry->holder = NULL);
	without_holder = given_to(PID_MAX, own);
	FORCE(*entry = own);
	ktest_ok(without_holder == GATE_NOT_OURS, "nor who has left to a child");
	FORCE(options.ktest = ktest_off);
	by_kernel = given(unused(), CURRENT_KERNEL);
	FORCE(options.ktest = ktest_on);
	ktest_ok(by_kernel == GATE_NOT_OURS, "nor is it the kernel's own, but under test");
}

static void give_checks(const struct process *self)
{
	struct credential own = credential_entries[self->pid], other;
	uint32_t none = PID_MAX;

	ktest_ok(given(nr_kstacks, self->pid) == GATE_NO_FRAME &&
			 taken(nr_kstacks) == GATE_NO_FRAME,
		 "there are no more stacks than there are");
	ktest_ok(given(unused(), PID_INIT) == GATE_NOT_OURS, "a stack is not another process's");
	ktest_ok(given(unused(), 0) == GATE_NOT_OURS && given(unused(), none) == GATE_NOT_OURS &&
			 given(unused(), INT32_MAX) == GATE_NOT_OURS,
		 "nor one's that there is not");
#define OTHER(member, value)                                                                       \
	(other = own, other.member = (value), given_to(none, other) == GATE_NOT_OURS)
	ktest_ok(OTHER(family, own.family + 1) && OTHER(who.uid, own.who.uid + 1) &&
			 OTHER(who.granted_uid, own.who.granted_uid + 1) &&
			 OTHER(binding, own.binding ^ 1) && OTHER(job, own.job + 1) &&
			 OTHER(holder, NULL),
		 "nor one's that is not all that the current one is");
#undef OTHER
	ktest_ok(given(current()->stack, self->pid) == GATE_IN_USE, "nor is one given twice");
	ktest_ok(given_to(none, own) == GATE_DONE && kstack_owners[unused()].pid == none &&
			 kstack_owners[unused()].rsp == KSTACK_FIRST_RSP,
		 "a child gets one, and begins where all begin");
	ktest_ok(taken(unused()) == GATE_DONE && !kstack_owners[unused()].pid,
		 "it is nobody's again");
	ktest_ok(taken(current()->stack) == GATE_IN_USE, "but not while it runs");
	FORCE(kstack_owners[unused()] =
		      ((struct kstack_owner){ .rsp = KSTACK_FIRST_RSP, .pid = PID_INIT }));
	ktest_ok(taken(unused()) == GATE_NOT_OURS, "nor while its process has an address space");
	FORCE(kstack_owners[unused()] = ((struct kstack_owner){ 0 }));
}

static enum gate_refusal changed(enum credential_change change, uint32_t pid)
{
	return asked_of(GATE_CREDENTIAL_CHANGE, (uint64_t)change << 32 | pid, 0, 0, 0);
}

/* Whatever its entry becomes, all threads of a process become. */
static void count_checks(const struct process *self)
{
	struct credential *entry = (struct credential *)(uint64_t)&credential_entries[PID_MAX];
	struct credential unused_entry = *entry;
	uint16_t before = kstack_counts[self->pid];
	enum gate_refusal with_stack, without;

	ktest_ok(before == 1, "a process with one thread has one stack");
	FORCE(kstack_counts[self->pid]++);
	ktest_ok(changed(CREDENTIAL_LEAVE, self->pid) == GATE_NO_CHANGE &&
			 changed(CREDENTIAL_BECOME, self->pid) == GATE_NO_CHANGE &&
			 changed(CREDENTIAL_JOIN, self->pid) == GATE_NO_CHANGE,
		 "one with two neither leaves its address space, nor executes another program, "
		 "nor joins a job");
	FORCE(kstack_counts[self->pid] = before);
	FORCE(entry->root = kernel_root; kstack_counts[PID_MAX]++);
	with_stack = changed(CREDENTIAL_TAKE, PID_MAX);
	FORCE(kstack_counts[PID_MAX]--);
	without = changed(CREDENTIAL_TAKE, PID_MAX);
	FORCE(*entry = unused_entry);
	ktest_ok(with_stack == GATE_NOT_OURS && without == GATE_DONE,
		 "an entry is not taken while a stack has its number");
}

static uint64_t stack_address(uint32_t stack) { return kspace_base + stack * SLOT_BYTES; }

/* From this stack to one of the same process that does not run, and back. */
static void there_and_back_checks(void)
{
	uint32_t own = current()->stack, other = unused(), went_on_at, left_at;
	uint64_t middle = stack_address(own) + SLOT_BYTES / 2, there, back;
	struct current before = *current();
	bool is_other;

	FORCE(kstack_owners[other] =
		      ((struct kstack_owner){ .rsp = KSTACK_FIRST_RSP, .pid = before.pid });
	      current()->root = kernel_root.pfn);
	there = switched(other, middle + 3 * SLOT_BYTES, UINT32_MAX);
	is_other = current()->stack == other && current()->pid == before.pid &&
		   current()->root == before.root;
	went_on_at = kstack_owners[other].rsp;
	left_at = kstack_owners[own].rsp;
	back = switched(own, stack_address(other) + KSTACK_FIRST_RSP, before.slot);
	FORCE(kstack_owners[other] = ((struct kstack_owner){ 0 }));
	ktest_ok((there & ~(uint64_t)SWITCH_DID) == stack_address(other) + KSTACK_FIRST_RSP &&
			 is_other && !went_on_at,
		 "a stack goes on where it was left, in its owner's root, whatever slot is told");
	ktest_ok(left_at == SLOT_BYTES / 2 && (back & ~(uint64_t)SWITCH_DID) == middle,
		 "the one that is left does so within itself, whatever is told");
	ktest_ok(current()->stack == own && !kstack_owners[own].rsp, "it runs again");
}

/* To one whose root is not alive. */
static void switch_refused_checks(const struct process *self)
{
	struct current before = *current();
	struct frame is = *frame_entry(self->as->root), dying = is;
	struct kstack_owner other = { .rsp = KSTACK_FIRST_RSP, .pid = before.pid }, after;
	uint64_t result;
	bool is_own;

	dying.flags |= ROOT_DYING;
	FORCE(kstack_owners[unused()] = other; *frame_entry(self->as->root) = dying;
	      current()->root = kernel_root.pfn);
	result = switched(unused(), stack_address(before.stack) + SLOT_BYTES / 2, before.slot);
	is_own = current()->stack == before.stack && current()->pid == before.pid &&
		 !kstack_owners[before.stack].rsp;
	after = kstack_owners[unused()];
	FORCE(kstack_owners[unused()] = ((struct kstack_owner){ 0 });
	      *frame_entry(self->as->root) = is; *current() = before);
	cr3_write(before.kernel_cr3);
	ktest_ok(result == GATE_NOT_OURS, "no thread goes on in a root that is not alive");
	ktest_ok(is_own && after.rsp == other.rsp && after.pid == other.pid,
		 "and then who was current is, and the other does not run");
}

static void switch_checks(void)
{
	uint32_t own = current()->stack;
	uint64_t rsp = stack_address(own) + SLOT_BYTES / 2;
	struct current before = *current();

	ktest_ok(switched(nr_kstacks, rsp, 0) == GATE_NO_FRAME,
		 "no stack goes on that there is not");
	ktest_ok(switched(unused(), rsp, 0) == GATE_IN_USE && switched(own, rsp, 0) == GATE_IN_USE,
		 "nor one that is nobody's, or runs");
	ktest_ok(!memcmp(current(), &before, sizeof(before)), "nothing has changed");
}

/* Of the current process's entry, for a moment. */
static enum gate_refusal switched_to_root(const struct process *self, struct frame word)
{
	struct current before = *current();
	pfn_t root = self->as->root;
	struct frame is = *frame_entry(root);
	enum gate_refusal refusal;

	FORCE(*frame_entry(root) = word; current()->root = kernel_root.pfn);
	refusal = switched_here(0);
	FORCE(*frame_entry(root) = is; *current() = before);
	return refusal;
}

static struct frame with_flags(struct frame word, unsigned set, unsigned clear)
{
	word.flags = (uint8_t)((word.flags & ~clear) | set);
	return word;
}

static void root_checks(const struct process *self)
{
	struct frame is = *frame_entry(self->as->root), other = is;

	ktest_ok(switched_to_root(self, with_flags(is, ROOT_DYING, 0)) == GATE_NOT_OURS &&
			 switched_to_root(self, with_flags(is, ROOT_NEW, 0)) == GATE_NOT_OURS &&
			 switched_to_root(self, with_flags(is, ROOT_IDLE, 0)) == GATE_NOT_OURS,
		 "no root is loaded that is not alive");
	ktest_ok(switched_to_root(self, with_flags(is, TABLE_SHADOW, 0)) == GATE_NOT_OURS &&
			 switched_to_root(self, with_flags(is, 0, TABLE_LINKED)) == GATE_NOT_OURS &&
			 switched_to_root(self, with_flags(is, LEVEL_MAX - 1, LEVEL_MAX)) ==
				 GATE_NOT_OURS,
		 "nor a table that is no root, or a shadow");
	other.owner = OWNER_KERNEL;
	ktest_ok(switched_to_root(self, other) == GATE_NOT_OURS, "nor what is no table");
	other = is;
	other.number++;
	ktest_ok(switched_to_root(self, other) == GATE_NOT_OURS, "nor what is another's");
	ktest_ok(switched_to_root(self, *frame_entry(self->as->root)) == GATE_DONE,
		 "that of the entry is");
}

/* While the entry names what is no root, and the slot in use is stale; the current root's word is
 * another. */
static enum gate_refusal refused_in(const struct process *self, struct frame word)
{
	struct credential *entry = (struct credential *)(uint64_t)&credential_entries[self->pid];
	pfn_t root = entry->root;
	struct frame is = *frame_entry(root);
	enum gate_refusal refusal;

	FORCE(current()->slots[current()->slot].generation--; *frame_entry(root) = word;
	      entry->root = pfn_add(root, 1));
	refusal = switched_here(0);
	FORCE(*frame_entry(root) = is; entry->root = root);
	return refusal;
}

static void back_checks(const struct process *self)
{
	uint32_t root = self->as->root.pfn;
	struct frame is = *frame_entry(self->as->root);
	struct current before = *current();
	enum gate_refusal refusal = refused_in(self, is);

	ktest_ok(refusal == GATE_NOT_OURS && current()->root == root &&
			 current()->exit_cr3.value == before.exit_cr3.value &&
			 !half_lags(current(), root, tlb_hw_generation(root)),
		 "who is refused comes back to his root, and has flushed");
	refusal = refused_in(self, with_flags(is, ROOT_DYING, 0));
	ktest_ok(refusal == GATE_NOT_OURS && current()->root == kernel_root.pfn && !current()->left,
		 "or to the kernel's own, if that dies");
	(void)stack_switch_here(0);
	ktest_ok(current()->root == root, "until it is his again");
	ktest_ok(switched_here(SWITCH_LEAVE) == GATE_NO_FRAME && current()->pid == before.pid,
		 "a thread leaves its process and its address space, or neither");
}

/* The kernel's own root is loaded. The way out has changed, and what ordinary memory says of it is
 * a lie. */
static void later_checks(void)
{
	enum option_kaiser is = kaiser_in_force;
	struct current before = *current();
	enum gate_refusal refusal;
	uint32_t left;

	cr3_write(cr3_make(pfn_to_pa(kernel_root), (pcid_t){ PCID_BOOT }));
	FORCE(current()->root = kernel_root.pfn;
	      current()->nr_later = is == kaiser_off ? NR_ASIDS : 0);
	kaiser_in_force = is == kaiser_off ? kaiser_pcid : kaiser_off;
	refusal = switched_here(0);
	kaiser_in_force = is;
	left = current()->left;
	FORCE(*current() = before);
	cr3_write(before.kernel_cr3);
	ktest_ok(refusal == GATE_DONE && left == (is == kaiser_off ? 0 : kernel_root.pfn),
		 "a root stays loaded, and is named, where the way out loads one");
}

/* The way in makes the kernel root of the shadow root that the way out loads, and that of the next
 * frame. */
static void pair_checks(void)
{
	ktest_ok(entry_shadow_template().pfn == kernel_root.pfn + 1 &&
			 frame_entry(entry_shadow_template())->flags & TABLE_SHADOW,
		 "who is in no address space goes out to a shadow root, the kernel's own");
}

KTEST_SUITE(gate_switch)
{
	const struct process *self = process_current();

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	give_checks(self);
	give_checks_of_parent(self);
	count_checks(self);
	switch_checks();
	there_and_back_checks();
	switch_refused_checks(self);
	root_checks(self);
	back_checks(self);
	later_checks();
	pair_checks();
}
