/* Who a process acts for: what is believed, and what is not. */
#include "task/authority/credentials.h"

#include "core/options.h"
#include "force.h"
#include "ktest.h"
#include "mm/pool/pmalloc.h"
#include "task/process/process.h"

/* Ordinary memory that looks like a process. */
static struct process forged;

static void reference_checks(struct process *self)
{
	uint32_t pid = self->pid;

	forged.pid = pid;
	ktest_ok(credentials_uid(&forged) == CREDENTIALS_NOBODY,
		 "a forged process that leads to our entry counts as nobody");
	ktest_ok(credentials_rule(&forged) == CREDENTIALS_NO_RULE, "and is under no rule there is");
	ktest_ok(credentials_set(&forged, 7) == STATUS_EFAULT && credentials_uid(self) == 0,
		 "and cannot change it");
	forged.pid = UINT32_MAX;
	ktest_ok(credentials_uid(&forged) == CREDENTIALS_NOBODY,
		 "a number beyond the entries counts as nobody");
	self->pid = self->pid == PID_INIT ? PID_INIT + 1 : PID_INIT;
	ktest_ok(credentials_uid(self) == CREDENTIALS_NOBODY,
		 "a process that is led to another's entry counts as nobody");
	self->pid = pid;
	ktest_ok(credentials_uid(self) == 0, "and as itself once it leads to its own again");
}

/* Two processes that are whole: what tells them apart is the root that is loaded. */
static void address_space_checks(const struct process *self)
{
	const struct process *first;

	lock_acquire(&process_lock);
	first = process_find(PID_INIT);
	lock_release(&process_lock);
	ktest_ok(credentials_acting_uid(self) == 0, "the current process acts as who it is");
	ktest_ok(credentials_uid(first) == 0, "another one is known for who it is");
	ktest_ok(credentials_acting_uid(first) == CREDENTIALS_NOBODY,
		 "but who acts as it in one's own address space counts as nobody");
	ktest_ok(credentials_acting_rule(first) == CREDENTIALS_NO_RULE,
		 "and is under no rule there is");
}

/* Who is led to another's entry when it ends leaves nothing behind that a later process finds. */
static void ending_checks(const struct process *self)
{
	static struct process child; /* zero but for what is written here */
	status_t left;
	uint32_t pid, taken;

	lock_acquire(&process_lock);
	pid = pid_alloc();
	child.pid = pid;
	child.as = self->as;
	ktest_ok(pid && credentials_give(&child, self) == STATUS_OK && credentials_uid(&child) == 0,
		 "a child acts for who its parent acts for");
	AS_PROCESS(pid, left = credentials_leave(&child));
	ktest_ok(left == STATUS_OK, "it leaves its address space");
	child.pid = PID_INIT;
	ktest_ok(credentials_take(&child, &taken) == STATUS_OK && taken == pid,
		 "its number is known though it leads elsewhere");
	child.pid = pid;
	ktest_ok(credentials_uid(&child) == CREDENTIALS_NOBODY,
		 "an entry is cleared though its process leads elsewhere");
	pid_free(pid);
	lock_release(&process_lock);
}

KTEST_SUITE(credentials)
{
	struct process *self = process_current();
	struct pool_object object;

	if (options.cred != cred_protected) {
		ktest_skip("cred=plain: the uid is in the process's structure");
		return;
	}
	ktest_ok(pool_object_at((uint64_t)credentials_uid_address(self), &object),
		 "the uid lies in a pool");
	ktest_ok(object.is_sealed == (options.pmalloc != pmalloc_off) && !object.is_read_only,
		 "which is sealed, and write-rare");
	if (options.vuln == vuln_on) {
		ktest_ok(credentials_set(self, 1000) == STATUS_OK && credentials_uid(self) == 1000,
			 "credentials_set changes it");
		ktest_ok(credentials_set(self, 0) == STATUS_OK && credentials_uid(self) == 0,
			 "and back");
	} else {
		ktest_ok(credentials_set(self, 1000) == STATUS_EFAULT && credentials_uid(self) == 0,
			 "without vuln=on credentials_set changes nothing");
	}
	reference_checks(self);
	address_space_checks(self);
	ending_checks(self);
}
