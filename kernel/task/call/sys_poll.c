/* poll: what may be done with descriptors now, or within a time. All that are open are the console.
 */
#include "arch/x86_64/device/clock.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "mm/as/usercopy.h"
#include "task/authority/witness.h"
#include "task/call/sys_io.h"
#include "task/call/sys_time.h"
#include "task/call/syscall.h"
#include "task/console/console.h"
#include "task/process/process.h"
#include "task/sched/bounce.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"
#include "task/sched/wait.h"

#define NS_PER_MS 1000000ul

/* Linux's. */
enum { ENTRIES_MAX = 1024 };
enum poll_event {
	POLL_INPUT = 0x001 | 0x040,  /* POLLIN, POLLRDNORM */
	POLL_OUTPUT = 0x004 | 0x100, /* POLLOUT, POLLWRNORM */
	POLL_ERROR = 0x008,          /* told whether it is asked for or not, as the next one */
	POLL_INVALID = 0x020
};

struct poll_entry {
	int32_t fd; /* negative: none */
	uint16_t wanted, found;
};
static_assert(sizeof(struct poll_entry) == 8, "Linux's struct pollfd");
enum { ENTRIES_AT_ONCE = BOUNCE_BYTES / sizeof(struct poll_entry) };

/* The console's, of which the descriptors of a process are all one. */
static uint16_t console_events(void)
{
	if (!witness_allows_console(process_current())) {
		return POLL_ERROR;
	}
	return POLL_OUTPUT | (console_is_readable() ? POLL_INPUT : 0);
}

static uint16_t events_of(const struct poll_entry *entry, uint16_t now)
{
	if (entry->fd < 0) {
		return 0;
	}
	return descriptor_is_open((uint32_t)entry->fd) ? now & (entry->wanted | POLL_ERROR)
						       : POLL_INVALID;
}

/* Blocks, in pieces. Looks at all of them once. *nr_found: how many have something. */
static status_t look(uva_t at, uint64_t nr, uint16_t now, int64_t *nr_found)
{
	struct poll_entry entries[ENTRIES_AT_ONCE];
	status_t status = STATUS_OK;

	*nr_found = 0;
	while (nr > 0 && status == STATUS_OK) {
		uint64_t nr_now = MIN(nr, ENTRIES_AT_ONCE), len_bytes = nr_now * sizeof(entries[0]);

		status = copy_from_user(entries, at, len_bytes);
		for (uint64_t i = 0; i < nr_now && status == STATUS_OK; i++) {
			uva_t found = { at.uva + i * sizeof(entries[0]) +
					offsetof(struct poll_entry, found) };

			entries[i].found = events_of(&entries[i], now);
			*nr_found += entries[i].found != 0;
			status = copy_to_user(found, &entries[i].found, sizeof(entries[i].found));
		}
		if (status == STATUS_OK && poll_call()) {
			status = STATUS_EINTR;
		}
		at.uva += len_bytes;
		nr -= nr_now;
	}
	bounce_scrub(entries, sizeof(entries));
	return status;
}

/* Blocks until the console has other events than those, or until the deadline; NS_FOREVER: none. */
static status_t wait(uint16_t before, uint64_t deadline_ns)
{
	struct waiter waiter;
	struct timer timer;
	bool must_exit;

	if (deadline_ns != NS_FOREVER) {
		timer_start(&timer, deadline_ns);
	}
	wait_enter(&console_readers, &waiter);
	for (;;) {
		sched_prepare();
		must_exit = thread_must_exit();
		if (must_exit || clock_now_ns() >= deadline_ns || console_events() != before) {
			break;
		}
		wait_block(&console_readers);
	}
	wait_leave(&console_readers, &waiter);
	if (deadline_ns != NS_FOREVER) {
		timer_stop(&timer);
	}
	return must_exit ? STATUS_EINTR : STATUS_OK;
}

/* The upper halves are not looked at. A negative time is for ever. */
int64_t sys_poll(uint64_t at, uint64_t nr, uint64_t timeout_ms)
{
	int32_t wanted_ms = (int32_t)timeout_ms;
	uint64_t deadline_ns =
		wanted_ms < 0 ? NS_FOREVER : clock_now_ns() + (uint32_t)wanted_ms * NS_PER_MS;
	int64_t nr_found;
	status_t status;

	if ((uint32_t)nr > ENTRIES_MAX) {
		return STATUS_EINVAL;
	}
	/* of no entry, too */
	if (!user_range_ok((uva_t){ at }, 0)) {
		return STATUS_EFAULT;
	}
	for (;;) {
		uint16_t now = console_events();

		status = look((uva_t){ at }, (uint32_t)nr, now, &nr_found);
		if (status || nr_found || clock_now_ns() >= deadline_ns) {
			break;
		}
		status = wait(now, deadline_ns);
		if (status) {
			break;
		}
	}
	return status ? status : nr_found;
}
