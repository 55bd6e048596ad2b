/* The kernel maps a frame for a moment: what it does there, and what another CPU can make of it. */
#include "mm/as/as.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/window.h"
#include "mm/frame/xpfo.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "task/process/process.h"
#include "vuln/park.h"
#include "vuln/vuln.h"

/*
 * Takes a reference, so that the frame stays user space's while it is used, whoever unmaps it.
 * False: it is not a user frame, or within a 2 MiB page.
 */
static bool frame_get(pfn_t frame)
{
	return pfn_is_valid(frame) && frame_entry(frame)->owner == OWNER_USER &&
	       !(frame_entry(frame)->flags & FRAME_TAIL) && frame_hold(frame);
}

static void let_go(pfn_t frame)
{
	struct released released;

	if (frame_let_go(&released)) {
		frames_put_released(&released);
	} else {
		frame_put_user(frame);
	}
}

int64_t sys_vuln_kmap_read(uint64_t pfn, uint64_t offset)
{
	pfn_t frame = { (uint32_t)MIN(pfn, UINT32_MAX) };
	const char *mapped;
	uint64_t value;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	if (offset > PAGE_SIZE - sizeof(value) || !frame_get(frame)) {
		return vuln_leave((uint64_t)STATUS_EINVAL);
	}
	mapped = xpfo_kmap(frame);
	value = mapped ? vuln_read_from((uint64_t)mapped + offset) : (uint64_t)STATUS_EPERM;
	xpfo_kunmap(frame);
	let_go(frame);
	return vuln_leave(value);
}

/* EPERM: the frame cannot be mapped like that. */
static status_t write_frame(pfn_t frame, uint64_t offset, uint64_t value)
{
	if (frame_get(frame)) {
		char *mapped = xpfo_kmap(frame);

		if (mapped) {
			vuln_write_to((uint64_t)mapped + offset, value);
		}
		xpfo_kunmap(frame);
		let_go(frame);
		return mapped ? STATUS_OK : STATUS_EPERM;
	}
	/* nobody counts who uses the others, so there is nothing to let go of either */
	if (frame_is_hidden(frame_entry(frame))) {
		return STATUS_EPERM;
	}
	vuln_write_to(direct_map_base + pfn_to_pa(frame).pa + offset, value);
	return STATUS_OK;
}

/* Maps a frame by a number that nobody checked. */
int64_t sys_vuln_kmap_write(uint64_t pfn, uint64_t offset, uint64_t value)
{
	pfn_t frame = { (uint32_t)MIN(pfn, UINT32_MAX) };

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	if (offset > PAGE_SIZE - sizeof(value) || !pfn_is_valid(frame)) {
		return vuln_leave((uint64_t)STATUS_EINVAL);
	}
	return vuln_leave((uint64_t)write_frame(frame, offset, value));
}

static status_t hold_by_kmap(pfn_t frame)
{
	status_t status = xpfo_kmap(frame) ? park() : STATUS_EPERM;

	xpfo_kunmap(frame);
	return status;
}

static status_t hold_by_window(pfn_t frame) { return window_hold(frame, park); }

/* Keeps the frame of a user page mapped while parked. EFAULT: no page; EINVAL: a 2 MiB page. */
static int64_t hold(uint64_t address, status_t (*hold_frame)(pfn_t frame))
{
	status_t status;
	pfn_t frame;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	status = as_lookup(process_current()->as, (uva_t){ address }, &frame);
	if (status == STATUS_OK && !frame_get(frame)) {
		status = STATUS_EINVAL;
	} else if (status == STATUS_OK) {
		status = hold_frame(frame);
		let_go(frame);
	}
	return vuln_leave((uint64_t)status);
}

int64_t sys_vuln_kmap_hold(uint64_t address) { return hold(address, hold_by_kmap); }

int64_t sys_vuln_window_hold(uint64_t address) { return hold(address, hold_by_window); }
