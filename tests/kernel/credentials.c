/* Who a process acts for: what is believed, and what is not. */
#include "task/credentials.h"

#include "core/options.h"
#include "core/syscall_table.h"
#include "ktest.h"
#include "mm/pmalloc.h"
#include "task/process.h"
#include "task/program_policy.h"

/* Ordinary memory that looks like a process. */
static struct process forged;

static void reference_checks(struct process *self)
{
	uint32_t pid = self->pid;

	forged.pid = pid;
	ktest_ok(credentials_uid(&forged) == CREDENTIALS_NOBODY,
		 "a forged process that leads to our entry counts as nobody");
	ktest_ok(credentials_rule(&forged) == CREDENTIALS_NO_RULE &&
			 program_table(&forged) != &syscall_table_all,
		 "and may not make every call");
	credentials_set(&forged, 7);
	ktest_ok(credentials_uid(self) == 0, "and cannot change it");
	forged.pid = UINT32_MAX;
	ktest_ok(credentials_uid(&forged) == CREDENTIALS_NOBODY,
		 "a number beyond the entries counts as nobody");
	self->pid = self->pid == PID_INIT ? PID_INIT + 1 : PID_INIT;
	ktest_ok(credentials_uid(self) == CREDENTIALS_NOBODY,
		 "a process that is led to another's entry counts as nobody");
	self->pid = pid;
	ktest_ok(credentials_uid(self) == 0, "and as itself once it leads to its own again");
}

KTEST_SUITE(credentials)
{
	struct process *self = process_current();
	struct pool_object object;

	if (options.cred != cred_protected) {
		ktest_skip("cred=plain: the uid is in the process's structure");
		return;
	}
	ktest_ok(pool_object_at((uint64_t)credentials_uid_place(self), &object),
		 "the uid lies in a pool");
	ktest_ok(object.is_sealed == (options.pmalloc != pmalloc_off) && !object.is_read_only,
		 "which is sealed, and write-rare");
	credentials_set(self, 1000);
	ktest_ok(credentials_uid(self) == 1000, "credentials_set changes it");
	credentials_set(self, 0);
	ktest_ok(credentials_uid(self) == 0, "and back");
	reference_checks(self);
}
