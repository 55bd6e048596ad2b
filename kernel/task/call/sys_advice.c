/* Calls that say something of memory that is there: madvise, msync, mincore. */
#include "core/poll.h"
#include "mm/as/as_cover.h"
#include "mm/as/usercopy.h"
#include "mm/table/layout.h"
#include "task/call/syscall.h"
#include "task/process/process.h"
#include "task/sched/bounce.h"

/* Linux's pieces of advice. */
enum {
	MADV_NORMAL = 0,
	MADV_RANDOM = 1,
	MADV_SEQUENTIAL = 2,
	MADV_WILLNEED = 3,
	MADV_DONTNEED = 4,
	MADV_FREE = 8,
	MADV_DOFORK = 11,
	MADV_MERGEABLE = 12,
	MADV_UNMERGEABLE = 13,
	MADV_HUGEPAGE = 14,
	MADV_NOHUGEPAGE = 15,
	MADV_DONTDUMP = 16,
	MADV_DODUMP = 17,
	MADV_KEEPONFORK = 19,
	MADV_COLD = 20,
	MADV_PAGEOUT = 21,
	MADV_DONTNEED_LOCKED = 24,
};
enum { MS_ASYNC = 1, MS_INVALIDATE = 2, MS_SYNC = 4, MS_ALL = 7 };

/* Those that only hint, at memory management that Bulwark does not have, ask for no effect. Who
 * asks for one that is not there (that fork leaves memory out, for one) must learn it: EINVAL. */
static bool is_known(uint32_t advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_DOFORK:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_KEEPONFORK:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_DONTNEED_LOCKED: return true;
	default: return false;
	}
}

static status_t advise(struct as *as, const struct as_part *part, uint32_t advice)
{
	if (advice == MADV_FREE && part->is_shared) {
		return STATUS_EINVAL;
	}
	return advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED
		       ? as_discard(as, (uva_t){ part->start }, part->end - part->start)
		       : STATUS_OK;
}

/* A range that may have holes, of any address: EINVAL where it is not one. */
static status_t range_decode(uint64_t at, uint64_t len_bytes, uint64_t *end)
{
	uint64_t rounded = align_up(len_bytes, PAGE_SIZE);

	if (!is_aligned(at, PAGE_SIZE) || (len_bytes && !rounded) || at + rounded < at) {
		return STATUS_EINVAL;
	}
	*end = at + rounded;
	return STATUS_OK;
}

/* Goes on behind a hole, and tells of it in the end. */
int64_t sys_madvise(uint64_t at, uint64_t len_bytes, uint64_t advice)
{
	struct as *as = process_current()->as;
	struct as_part part;
	uint64_t end;
	bool has_hole;
	status_t status =
		is_known((uint32_t)advice) ? range_decode(at, len_bytes, &end) : STATUS_EINVAL;

	if (status || at == end) {
		return status;
	}
	/* nothing above is mapped, whatever lies there */
	has_hole = end > USER_TOP;
	end = MIN(end, USER_TOP);
	while (status == STATUS_OK && at < end) {
		if (!as_part_find(as, at, end, &part)) {
			return STATUS_ENOMEM;
		}
		has_hole = has_hole || part.start > at;
		status = advise(as, &part, (uint32_t)advice);
		at = part.end;
		if (status == STATUS_OK && poll_call()) {
			status = STATUS_EINTR;
		}
	}
	return status == STATUS_OK && has_hole ? STATUS_ENOMEM : status;
}

/* There are no files: nothing is ever to be written back. */
int64_t sys_msync(uint64_t at, uint64_t len_bytes, uint64_t flags)
{
	uint64_t end;

	if ((uint32_t)flags & ~(uint32_t)MS_ALL ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC) || !is_aligned(at, PAGE_SIZE)) {
		return STATUS_EINVAL;
	}
	/* a length that wraps when it is rounded is none */
	if (len_bytes > -(uint64_t)PAGE_SIZE) {
		return STATUS_OK;
	}
	if (range_decode(at, len_bytes, &end)) {
		return STATUS_ENOMEM;
	}
	return as_covers(process_current()->as, at, end) ? STATUS_OK : STATUS_ENOMEM;
}

/* One byte a page: is it there, so that a load would not have to wait? What precedes a hole is
 * told. */
int64_t sys_mincore(uint64_t at, uint64_t len_bytes, uint64_t out_at)
{
	struct as *as = process_current()->as;
	uint8_t bounce[BOUNCE_BYTES];
	uint64_t end, nr;
	pfn_t frame;
	status_t status = STATUS_OK;

	if (!is_aligned(at, PAGE_SIZE)) {
		return STATUS_EINVAL;
	}
	if (!user_range_ok((uva_t){ at }, len_bytes)) {
		return STATUS_ENOMEM;
	}
	end = at + align_up(len_bytes, PAGE_SIZE);
	if (!user_range_ok((uva_t){ out_at }, (end - at) / PAGE_SIZE)) {
		return STATUS_EFAULT;
	}
	while (status == STATUS_OK && at < end) {
		uint64_t piece_end = MIN(end, at + sizeof(bounce) * PAGE_SIZE);

		if (!as_covers(as, at, piece_end)) {
			return STATUS_ENOMEM;
		}
		for (nr = 0; at < piece_end; nr++, at += PAGE_SIZE) {
			bounce[nr] = as_lookup(as, (uva_t){ at }, &frame) == STATUS_OK;
		}
		status = copy_to_user((uva_t){ out_at }, bounce, nr);
		out_at += nr;
		if (status == STATUS_OK && poll_call()) {
			status = STATUS_EINTR;
		}
	}
	return status;
}
