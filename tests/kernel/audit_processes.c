/* The auditor sees a process with another's credentials or bands, and an entry that none holds. */
#include "audit_plant.h"
#include "task/authority/credentials.h"
#include "task/process/process.h"
#include "task/sched/bands.h"

/* It ended, but its entry stays. */
static void plant_entry(const struct process *self)
{
	static struct process gone; /* zero but for what is written here */
	status_t left;
	uint32_t pid;

	lock_acquire(&process_lock);
	gone.pid = pid_alloc();
	gone.as = self->as;
	ktest_ok(credentials_give(&gone, self) == STATUS_OK, "a number is given");
	lock_release(&process_lock);
	expect_violation("entries are in use by", "an entry that outlives its process");
	lock_acquire(&process_lock);
	AS_PROCESS(gone.pid, left = credentials_leave(&gone));
	ktest_ok(left == STATUS_OK && credentials_take(&gone, &pid) == STATUS_OK && pid == gone.pid,
		 "and taken back");
	pid_free(gone.pid);
	lock_release(&process_lock);
}

KTEST_SUITE(audit_processes)
{
	struct process *self = process_current();
	const char *not_its_own = "its entry of credentials is not its own";

	expect_clean("before");
	plant_entry(self);
	PLANT(self->pid, self->pid == PID_INIT ? PID_INIT + 1 : PID_INIT, not_its_own,
	      "a process that leads to another's entry");
	PLANT(self->as, NULL, not_its_own, "a process whose entry names another address space");
	PLANT(self->band_fresh, BAND_USER_FRESH, "it runs in the bands of another user",
	      "root's process in the bands of users");
	expect_clean("afterwards");
}
