/* The bugs that take two CPUs: one keeps a translation in its TLB while the other goes on. */
#include "abi/bulwark.h"
#include "arch/x86_64/device/clock.h"
#include "core/poll.h"
#include "mm/as/as.h"
#include "mm/as/usercopy.h"
#include "task/process/process.h"
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

/* COPIES_PER_POLL: so many that nearly all of the time goes into them. */
enum { COPY_WORDS = BW_COPY_BYTES / sizeof(uint64_t), COPIES_PER_POLL = 256 };

struct copy {
	uint64_t to;
	uint64_t words[COPY_WORDS];
};

static void copy_often(void *argument)
{
	const struct copy *copy = argument;

	for (unsigned i = 0; i < COPIES_PER_POLL * COPY_WORDS; i++) {
		vuln_write_to(copy->to + i % COPY_WORDS * sizeof(uint64_t),
			      copy->words[i % COPY_WORDS]);
	}
}

/* A device's buffer, say, into which the driver copies what arrives, and which is not its own any
 * more. */
int64_t sys_vuln_copy_on(uint64_t address, uint64_t from)
{
	struct copy copy = { .to = address };
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	status = copy_from_user(copy.words, (uva_t){ from }, sizeof(copy.words));
	if (status == STATUS_OK) {
		/* once before anybody is told that this CPU is parked */
		copy_often(&copy);
		status = park_busy(copy_often, &copy);
	}
	return vuln_leave((uint64_t)status);
}

/* ENOENT: there is no object, or not all of it. Its last word is loaded before the others. */
static status_t call_through_copy(uint64_t address)
{
	struct bw_vuln_object object;
	struct bw_vuln_ops ops;
	status_t status = copy_from_user(&object, (uva_t){ address }, sizeof(object));

	if (status == STATUS_OK && !object.ops) {
		status = STATUS_ENOENT;
	}
	if (status == STATUS_OK) {
		status = copy_from_user(&ops, (uva_t){ object.ops }, sizeof(ops));
	}
	if (status == STATUS_OK && !ops.handle) {
		status = STATUS_ENOENT;
	}
	if (status == STATUS_OK) {
		status = copy_from_user(&object, (uva_t){ address }, sizeof(object));
	}
	if (status == STATUS_OK) {
		((void (*)(uint64_t, uint64_t))ops.handle)(object.argument[0], object.argument[1]);
	}
	return status;
}

#define LOOK_NS (200ul * 1000 * 1000)

/*
 * Memory that the kernel shares with a program, a ring say, and takes from it as a fresh page: what
 * is there before the program has touched it can only be the kernel's. Looks there for a while.
 * EINVAL: the page has been touched.
 */
int64_t sys_vuln_call_fresh(uint64_t address)
{
	uint64_t limit_ns = clock_now_ns() + LOOK_NS;
	status_t status = STATUS_EINVAL;
	pfn_t frame;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	if (as_lookup(process_current()->as, (uva_t){ address }, &frame) != STATUS_OK) {
		do {
			status = call_through_copy(address);
			poll_requests();
		} while (status == STATUS_ENOENT && clock_now_ns() < limit_ns &&
			 !thread_must_exit());
	}
	return vuln_leave((uint64_t)status);
}
