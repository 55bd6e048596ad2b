/* mremap. */
#include "mm/as/as_remap.h"
#include "mm/table/layout.h"
#include "task/call/syscall.h"
#include "task/process/process.h"

/* Linux's flags. */
enum { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4, MREMAP_ALL = 7 };

static bool overlaps(const struct as_remap_wish *wish)
{
	return wish->to < wish->at + wish->old_bytes && wish->at < wish->to + wish->new_bytes;
}

/* In the order of Linux's checks. */
static status_t check(const struct as_remap_wish *wish, uint64_t flags)
{
	bool moves = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);

	if (flags & ~(uint64_t)MREMAP_ALL || (moves && !(flags & MREMAP_MAYMOVE)) ||
	    (flags & MREMAP_DONTUNMAP && wish->old_bytes != wish->new_bytes) ||
	    !is_aligned(wish->at, PAGE_SIZE) || !wish->new_bytes) {
		return STATUS_EINVAL;
	}
	if (flags & MREMAP_FIXED &&
	    (!is_aligned(wish->to, PAGE_SIZE) || wish->new_bytes > USER_TOP ||
	     wish->to > USER_TOP - wish->new_bytes || overlaps(wish))) {
		return STATUS_EINVAL;
	}
	if (flags & MREMAP_FIXED && wish->to < USER_MIN) {
		return STATUS_EPERM;
	}
	/* nothing of this is mapped */
	if (wish->at >= USER_TOP) {
		return STATUS_EFAULT;
	}
	/* a second mapping of shared memory, which is not offered */
	return wish->old_bytes ? STATUS_OK : STATUS_EINVAL;
}

int64_t sys_mremap(uint64_t at, uint64_t old_bytes, uint64_t new_bytes, uint64_t flags, uint64_t to)
{
	const struct as_remap_wish wish = {
		.at = at,
		.old_bytes = align_up(old_bytes, PAGE_SIZE),
		.new_bytes = align_up(new_bytes, PAGE_SIZE),
		.may_move = flags & MREMAP_MAYMOVE,
		.is_fixed = flags & MREMAP_FIXED,
		.to = to,
		.keeps_old = flags & MREMAP_DONTUNMAP,
	};
	uva_t where;
	status_t status = check(&wish, flags);

	if (status == STATUS_OK && wish.new_bytes > USER_TOP) {
		status = STATUS_ENOMEM;
	}
	if (status == STATUS_OK && wish.old_bytes > USER_TOP - at) {
		status = wish.new_bytes < wish.old_bytes ? STATUS_EINVAL : STATUS_EFAULT;
	}
	if (status == STATUS_OK) {
		status = as_remap(process_current()->as, &wish, &where);
	}
	return status ? status : (int64_t)where.uva;
}
