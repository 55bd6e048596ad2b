/*
 * With ptprot: credentials, each change that nothing in the kernel asks for. The suite's process is
 * root's; what it is meanwhile is forced upon its entry.
 */
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/pool/pool.h"
#include "program_space.h"
#include "task/authority/credential_entry.h"
#include "task/process/process.h"

enum { OTHER_UID = 1000, SOME_RULE = 2, SHARERS = 64 };

/* Nobody's, as the gate sees it. */
static struct process child;

static const struct credential *own(void) { return &credential_entries[process_current()->pid]; }
static pfn_t loaded(void) { return own()->root; }

static enum gate_refusal change(enum credential_change what, uint32_t pid, uint64_t a, uint64_t b,
				uint64_t c)
{
	return asked_of(GATE_CREDENTIAL_CHANGE, (uint64_t)what << 32 | pid, a, b, c);
}

static enum gate_refusal change_own(enum credential_change what, uint64_t a, uint64_t b)
{
	return change(what, process_current()->pid, a, b, 0);
}

/* While its own entry is another. */
static enum gate_refusal change_as(struct credential is, enum credential_change what, uint64_t a,
				   uint64_t b)
{
	struct credential before = *own();
	enum gate_refusal refusal;

	FORCE(*(struct credential *)own() = is);
	refusal = change_own(what, a, b);
	FORCE(*(struct credential *)own() = before);
	return refusal;
}

static enum gate_refusal give(uint32_t pid, uint32_t parent, pfn_t root)
{
	return change(CREDENTIAL_GIVE, pid, parent, (uint64_t)&child, root.pfn);
}

/* With the kernel's own root, where that is the current one, as while booting. */
static enum gate_refusal give_first(uint32_t pid, uint32_t current_pid)
{
	struct current *current = (struct current *)(uint64_t)current_here(), before = *current;
	enum gate_refusal refusal;

	FORCE(current->root = kernel_root.pfn; current->pid = current_pid);
	refusal = give(pid, 0, kernel_root);
	FORCE(*current = before);
	return refusal;
}

/* While the root's word is another. */
static enum gate_refusal give_as(uint32_t pid, pfn_t root, struct frame word)
{
	struct frame before = *frame_entry(root);
	enum gate_refusal refusal;

	FORCE(*frame_entry(root) = word);
	refusal = give(pid, process_current()->pid, root);
	FORCE(*frame_entry(root) = before);
	return refusal;
}

static enum gate_refusal pool_written(const void *at, uint64_t value)
{
	return asked_of(GATE_POOL_WRITE, (uint64_t)at, value, (uint64_t)POOL_WRITE_STORE << 32 | 8,
			gate_credentials.pool->id);
}

static void not_by_name(void)
{
	uint64_t policy = (uint64_t)credential_authority->policy;

	ktest_ok(pool_written(&own()->who, 0) == GATE_NOT_OURS &&
			 pool_written(&credential_authority->policy, policy) == GATE_NOT_OURS,
		 "credentials are not written by the name of their pool");
}

/* The first process has another address space. */
static void not_others(void)
{
	struct credential gone = *own();

	gone.holder = NULL;
	ktest_ok(change(CREDENTIAL_GRANT, PID_INIT, 0, 0, 0) == GATE_NOT_OURS &&
			 change(CREDENTIAL_JOIN, PID_INIT, 1, 0, 0) == GATE_NOT_OURS &&
			 change(CREDENTIAL_BECOME, PID_INIT, 0, 0, 0) == GATE_NOT_OURS &&
			 change(CREDENTIAL_LEAVE, PID_INIT, 0, 0, 0) == GATE_NOT_OURS &&
			 asked_of(GATE_CREDENTIAL_SET, PID_INIT, 0, 0, 0) == GATE_NOT_OURS,
		 "another process's entry stays as it is");
	ktest_ok(change_as(gone, CREDENTIAL_GRANT, 0, 0) == GATE_NOT_OURS,
		 "an entry that nobody holds is not the current one");
	ktest_ok(change(CREDENTIAL_GRANT, 0, 0, 0, 0) == GATE_NO_FRAME &&
			 change(CREDENTIAL_GRANT, PID_MAX + 1, 0, 0, 0) == GATE_NO_FRAME,
		 "there is none of number 0, nor behind the last");
	ktest_ok(change_own((enum credential_change)(CREDENTIAL_LEAVE + 1), 0, 0) == GATE_NO_CHANGE,
		 "there is no other change");
}

static void granted(void)
{
	struct credential is = *own();

	ktest_ok(change_as(is, CREDENTIAL_GRANT, UINT32_MAX, 0) == GATE_NO_CHANGE,
		 "nobody is no user");
	is.who = (struct identity){ OTHER_UID, OTHER_UID };
	ktest_ok(change_as(is, CREDENTIAL_GRANT, OTHER_UID, 0) == GATE_DONE,
		 "a user may become who he is");
	ktest_ok(change_as(is, CREDENTIAL_GRANT, 0, 0) == GATE_NO_CHANGE &&
			 change_as(is, CREDENTIAL_GRANT, OTHER_UID + 1, 0) == GATE_NO_CHANGE,
		 "and nobody else");
	is.who.uid = 0;
	ktest_ok(change_as(is, CREDENTIAL_GRANT, 0, 0) == GATE_NO_CHANGE,
		 "whatever he acts as: what counts is what was granted");
}

static void joined(void)
{
	struct credential before = *own(), watched = before;
	uint64_t last = credential_authority->last_job;

	watched.binding |= CREDENTIALS_WATCHED;
	ktest_ok(change_as(watched, CREDENTIAL_JOIN, 0, 0) == GATE_NO_CHANGE &&
			 change_as(watched, CREDENTIAL_JOIN, 1, 0) == GATE_NO_CHANGE,
		 "a member of a watched job begins none");
	ktest_ok(change_own(CREDENTIAL_JOIN, 0, 0) == GATE_DONE && own()->job == last + 1 &&
			 own()->binding == before.binding,
		 "a job has the next number");
	ktest_ok(change_own(CREDENTIAL_JOIN, 1, 0) == GATE_DONE && own()->job == last + 2 &&
			 own()->binding == watched.binding,
		 "and the one behind it another; it may be watched");
	FORCE(*(struct credential *)own() = before);
	FORCE(((struct authority *)credential_authority)->last_job = UINT32_MAX);
	ktest_ok(change_own(CREDENTIAL_JOIN, 0, 0) == GATE_NO_CHANGE, "no number is used twice");
	FORCE(((struct authority *)credential_authority)->last_job = last);
}

static unsigned nr_owed(pfn_t root) { return frame_entry(root)->nr_used / OWED; }

/* Roots that are not new, or another's. */
static void not_given(uint32_t pid, const struct as *as)
{
	struct frame others = *frame_entry(as->root), full = *frame_entry(loaded());
	uint32_t self = process_current()->pid;

	ktest_ok(give(PID_INIT, self, loaded()) == GATE_IN_USE &&
			 change(CREDENTIAL_GIVE, pid, self, 0, loaded().pfn) == GATE_IN_USE,
		 "an entry that is in use is not given, nor is one to nobody");
	ktest_ok(give(pid, PID_INIT, as->root) == GATE_NOT_OURS &&
			 give(pid, 0, kernel_root) == GATE_NOT_OURS &&
			 give(pid, 0, as->root) == GATE_NOT_OURS,
		 "nor in another's name, or in that of none");
	ktest_ok(give_first(pid, CURRENT_KERNEL) == GATE_NOT_OURS,
		 "nor by the kernel, but for the first");
	ktest_ok(give(pid, self, kernel_root) == GATE_NOT_OURS &&
			 give(pid, self, credential_entries[PID_INIT].root) == GATE_NOT_OURS,
		 "nor with the root of another address space");
	others.number = credential_entries[PID_INIT].root.pfn;
	ktest_ok(give_as(pid, as->root, others) == GATE_NOT_OURS,
		 "nor with a new one that another makes");
	full.nr_used = (uint16_t)(SHARERS * OWED);
	ktest_ok(give_as(pid, loaded(), full) == GATE_NOT_OURS,
		 "nor with the loaded one, when too many have that");
	ktest_ok(!credential_entries[pid].holder && root_is_new(as->root), "nothing has changed");
}

/* From its first moment to its last. */
static void given(uint32_t pid, struct as *as)
{
	uint32_t self = process_current()->pid;
	const struct credential *entry = &credential_entries[pid];
	enum gate_refusal left;

	ktest_ok(asked_stale(GATE_CREDENTIAL_CHANGE, (uint64_t)CREDENTIAL_GIVE << 32 | pid, self,
			     (uint64_t)&child, as->root.pfn) == GATE_NOT_YET,
		 "who shares pages has flushed before the other one has them");
	ktest_ok(give(pid, self, as->root) == GATE_DONE && entry->holder == &child &&
			 entry->root.pfn == as->root.pfn && entry->who.uid == own()->who.uid &&
			 entry->who.granted_uid == own()->who.granted_uid &&
			 entry->binding == own()->binding && entry->job == own()->job &&
			 entry->family == own()->family,
		 "a child gets what its parent has, and its own root");
	ktest_ok(!root_is_new(as->root) && nr_owed(as->root) == 1,
		 "which is published by that, and does not rest meanwhile");
	ktest_ok(give(pid + 1, self, as->root) == GATE_NOT_OURS, "it is given once");
	ktest_ok(change(CREDENTIAL_TAKE, pid, 0, 0, 0) == GATE_NOT_OURS &&
			 change(CREDENTIAL_LEAVE, pid, 0, 0, 0) == GATE_NOT_OURS,
		 "who has an address space is not taken, nor does another leave it");
	AS_PROCESS(pid, left = change(CREDENTIAL_LEAVE, pid, 0, 0, 0));
	ktest_ok(left == GATE_DONE && nr_owed(as->root) == 0,
		 "it leaves while it is current, and the root may rest");
	ktest_ok(
		change(CREDENTIAL_GRANT, pid, 0, 0, 0) == GATE_NOT_OURS &&
			give(pid + 1, pid, kernel_root) == GATE_NOT_OURS &&
			give(pid + 1, 0, kernel_root) == GATE_NOT_OURS,
		"who is not current gets no user, and no child, with the kernel's own root either");
	ktest_ok(change(CREDENTIAL_TAKE, pid, 0, 0, 0) == GATE_DONE && !entry->holder,
		 "who has left is taken");
	ktest_ok(change(CREDENTIAL_TAKE, pid, 0, 0, 0) == GATE_NOT_OURS, "once");
}

/* The first process stays. */
static void first_stays(void)
{
	struct credential *first = (struct credential *)&credential_entries[PID_INIT];
	struct credential before = *first;
	uint16_t nr_stacks = kstack_counts[PID_INIT];
	enum gate_refusal left;

	AS_PROCESS(PID_INIT, left = change(CREDENTIAL_LEAVE, PID_INIT, 0, 0, 0));
	ktest_ok(left == GATE_NO_CHANGE, "the first process does not leave");
	/* nothing else keeps it: it has no root of its own, and no stack */
	FORCE(first->root = kernel_root; kstack_counts[PID_INIT] = 0);
	ktest_ok(change(CREDENTIAL_TAKE, PID_INIT, 0, 0, 0) == GATE_NOT_OURS, "nor is it taken");
	FORCE(kstack_counts[PID_INIT] = nr_stacks);
	FORCE(first->holder = NULL);
	ktest_ok(give_first(PID_INIT, process_current()->pid) == GATE_NOT_OURS,
		 "nor given by another than the kernel");
	FORCE(*first = before);
}

static void not_become(const struct as *as)
{
	pfn_t first = credential_entries[PID_INIT].root;

	ktest_ok(change_own(CREDENTIAL_BECOME, boot_archive_count(), as->root.pfn) ==
			 GATE_NO_CHANGE,
		 "no program lies behind the last file");
	ktest_ok(change_own(CREDENTIAL_BECOME, 0, loaded().pfn) == GATE_NOT_OURS &&
			 change_own(CREDENTIAL_BECOME, 0, kernel_root.pfn) == GATE_NOT_OURS &&
			 change_own(CREDENTIAL_BECOME, 0, first.pfn) == GATE_NOT_OURS,
		 "no program begins in a root that is not new");
	ktest_ok(asked_stale(GATE_CREDENTIAL_CHANGE,
			     (uint64_t)CREDENTIAL_BECOME << 32 | process_current()->pid, 0,
			     as->root.pfn, 0) == GATE_NOT_YET,
		 "nor in one that shares pages which the old program's TLB lets it write to");
}

/* It is what it was afterwards, and with it what roots owe. */
static struct credential become(struct credential is, const char *path)
{
	struct credential before = *own(), after = before;
	struct frame old, new;
	uint64_t which = (uint64_t)CREDENTIAL_BECOME << 32 | process_current()->pid;
	enum gate_refusal refusal;
	struct as *as;

	if (program_make(path, &as)) {
		ktest_skip("no memory for a program");
		return after;
	}
	new = *frame_entry(as->root);
	old = *frame_entry(loaded());
	FORCE(*(struct credential *)own() = is);
	refusal = asked_of(GATE_CREDENTIAL_CHANGE, which, program_index(path), as->root.pfn,
			   TEST_RSP);
	after = *own();
	ktest_ok(refusal == GATE_DONE && nr_owed(as->root) == 1 && after.root.pfn == as->root.pfn,
		 path);
	FORCE(*(struct credential *)own() = before; *frame_entry(loaded()) = old;
	      *frame_entry(as->root) = new);
	as_put(as);
	return after;
}

static void becomes(void)
{
	struct credential is = *own(), after;
	const struct program_policy *policy = credential_authority->policy;
	unsigned rule = policy_rule_for(policy, "caged");

	is.who = (struct identity){ OTHER_UID, OTHER_UID };
	is.binding = CREDENTIALS_WATCHED | SOME_RULE;
	after = become(is, "bin/sh");
	ktest_ok(after.who.uid == OTHER_UID && after.who.granted_uid == OTHER_UID &&
			 after.job == is.job &&
			 (after.binding & ~(uint32_t)BINDING_PROGRAM) == is.binding &&
			 after.family != is.family,
		 "a program without a rule is who it was, under the rule that it was, and watched");
	ktest_ok(!strcmp(credential_program_name(after.binding), "sh"),
		 "it is the file that was told");
	if (!rule || !policy_rule(rule)->has_uid) {
		ktest_skip("no policy has a rule for caged");
		return;
	}
	after = become(is, "bin/caged");
	ktest_ok((after.binding & BINDING_RULE) == rule &&
			 after.who.uid == policy_rule(rule)->uid &&
			 after.who.granted_uid == policy_rule(rule)->uid &&
			 after.binding & CREDENTIALS_WATCHED,
		 "one with a rule is under that, as its user, and watched all the same");
}

static void set_unasked(void)
{
	struct credential before = *own();
	enum gate_refusal refusal;

	FORCE(options.vuln = vuln_off);
	refusal = asked_of(GATE_CREDENTIAL_SET, process_current()->pid, OTHER_UID, 0, 0);
	FORCE(options.vuln = vuln_on; *(struct credential *)own() = before);
	ktest_ok(refusal == GATE_NO_CHANGE,
		 "nobody is set to another user unasked, but with vuln=on");
}

KTEST_SUITE(gate_credentials)
{
	struct as *as;
	uint32_t pid;

	if (gate_in_force == ptprot_off || options.vuln != vuln_on || as_create(&as)) {
		ktest_skip("there is no gate, vuln=off, or no memory");
		return;
	}
	lock_acquire(&process_lock);
	pid = pid_alloc();
	lock_release(&process_lock);
	not_by_name();
	not_others();
	granted();
	joined();
	not_become(as);
	becomes();
	not_given(pid, as);
	given(pid, as);
	first_stays();
	set_unasked();
	lock_acquire(&process_lock);
	pid_free(pid);
	lock_release(&process_lock);
	as_put(as);
}
