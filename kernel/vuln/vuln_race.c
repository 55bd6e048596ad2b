/* The bugs that take two CPUs: one keeps a translation in its TLB while the other goes on. */
#include "task/process.h"
#include "vuln/park.h"
#include "vuln/vuln.h"

int64_t sys_vuln_warm(uint64_t address)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	(void)vuln_read_from(address);
	return vuln_leave_unchanged(0);
}

int64_t sys_vuln_call_parked(uint64_t object)
{
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	(void)vuln_read_from(object);
	status = park();
	if (status == STATUS_OK) {
		vuln_call_through(object);
	}
	return vuln_leave((uint64_t)status);
}

int64_t sys_vuln_unpark(uint64_t go_on)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	return vuln_leave(park_release(process_current()->pid, go_on ? PARK_GO_ON : PARK_CALL_OFF));
}

int64_t sys_vuln_parked(void)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	return vuln_leave(park_count(process_current()->pid));
}
