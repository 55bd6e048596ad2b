/*
 * Memory calls. No mapping is ever writable and executable: whoever asks for both gets EACCES, from
 * mmap and from mprotect.
 */
#include "core/cpu.h"
#include "core/poll.h"
#include "mm/as/as.h"
#include "mm/as/as_cover.h"
#include "mm/as/as_remap.h"
#include "mm/as/usercopy.h"
#include "mm/table/layout.h"
#include "task/call/sys_io.h"
#include "task/call/syscall.h"
#include "task/process/process.h"

/* Linux's flags. Those that are not named mean nothing for anonymous memory, and are not looked at.
 */
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, PROT_ALL = 7, PROT_SEM = 8 };
#define PROT_GROWSDOWN 0x01000000ul
#define PROT_GROWSUP 0x02000000ul
enum {
	MAP_SHARED = 0x01,
	MAP_PRIVATE = 0x02,
	MAP_TYPE = 0x0f,
	MAP_FIXED = 0x10,
	MAP_ANONYMOUS = 0x20,
	MAP_32BIT = 0x40,
	MAP_GROWSDOWN = 0x100,
	MAP_LOCKED = 0x2000,
	MAP_POPULATE = 0x8000,
	MAP_NONBLOCK = 0x10000,
	MAP_HUGETLB = 0x40000,
	MAP_FIXED_NOREPLACE = 0x100000,
	MAP_HUGE_SIZE_SHIFT = 26,
	MAP_HUGE_2MB = 21 << MAP_HUGE_SIZE_SHIFT,
};
#define MAP_HUGE_SIZE_MASK (63u << MAP_HUGE_SIZE_SHIFT)
static_assert((int)PROT_READ == (int)RIGHT_READ && (int)PROT_WRITE == (int)RIGHT_WRITE &&
		      (int)PROT_EXEC == (int)RIGHT_EXECUTE,
	      "Linux's rights are ours");

static status_t rights_decode(uint64_t prot, unsigned *rights)
{
	if (prot & PROT_WRITE && prot & PROT_EXEC) {
		return STATUS_EACCES;
	}
	/* the processor has no page that can be written or run but not read */
	*rights = (unsigned)(prot & PROT_ALL) | (prot & PROT_ALL ? RIGHT_READ : 0);
	return STATUS_OK;
}

/* What there is no memory for: files, regions that grow, other page sizes. */
static status_t kind_check(uint64_t flags, uint64_t fd)
{
	uint64_t huge_size = flags & MAP_HUGE_SIZE_MASK;

	if (!(flags & MAP_ANONYMOUS)) {
		/* the console has no memory to map */
		return descriptor_is_open(fd) ? STATUS_ENODEV : STATUS_EBADF;
	}
	if (flags & MAP_GROWSDOWN ||
	    (flags & MAP_HUGETLB && huge_size && huge_size != MAP_HUGE_2MB)) {
		return STATUS_EINVAL;
	}
	return STATUS_OK;
}

static status_t type_decode(uint64_t flags, unsigned *region_flags)
{
	uint64_t type = flags & MAP_TYPE;

	if (type != MAP_SHARED && type != MAP_PRIVATE) {
		return STATUS_EINVAL;
	}
	*region_flags =
		(type == MAP_SHARED ? REGION_SHARED : 0) | (flags & MAP_HUGETLB ? REGION_HUGE : 0);
	return STATUS_OK;
}

static enum as_map_how how_decode(uint64_t flags, uint64_t at)
{
	if (flags & MAP_FIXED_NOREPLACE) {
		return AS_MAP_FIXED_NOREPLACE;
	}
	if (flags & MAP_FIXED) {
		return AS_MAP_FIXED;
	}
	if (flags & MAP_32BIT) {
		return AS_MAP_LOW;
	}
	return at ? AS_MAP_HINT : AS_MAP_ANYWHERE;
}

/* A place that the caller insists on, in the order of Linux's checks. The lowest pages are
 * nobody's: who jumps through a null pointer must fault. */
static status_t place_check(uint64_t at, uint64_t len_bytes, uint64_t page_bytes)
{
	if (len_bytes > USER_TOP || at > USER_TOP - len_bytes) {
		return STATUS_ENOMEM;
	}
	if (!is_aligned(at, page_bytes)) {
		return STATUS_EINVAL;
	}
	return at < USER_MIN ? STATUS_EPERM : STATUS_OK;
}

enum { POPULATE_PIECE = 16 };

/* A wish: what memory does not suffice for comes later, or not at all. */
static void populate(struct as *as, uva_t at, uint64_t len_bytes, unsigned rights,
		     uint64_t page_bytes)
{
	unsigned wanted = rights & RIGHT_WRITE ? RIGHT_WRITE : RIGHT_READ;
	uint64_t nr = rights ? len_bytes / page_bytes : 0;
	/* a page's cost is its zeroing */
	uint64_t piece = page_bytes == HUGE_SIZE ? 1 : POPULATE_PIECE;

	for (uint64_t i = 0; i < nr; i++) {
		if (as_fault(as, (uva_t){ at.uva + i * page_bytes }, wanted) != STATUS_OK ||
		    (i % piece == piece - 1 && poll_call())) {
			return;
		}
	}
}

/* In the order of Linux's checks. */
static status_t map_check(uint64_t *at, uint64_t *len_bytes, uint64_t flags, uint64_t fd,
			  uint64_t offset)
{
	uint64_t page_bytes = flags & MAP_HUGETLB ? HUGE_SIZE : PAGE_SIZE;
	status_t status = is_aligned(offset, PAGE_SIZE) ? kind_check(flags, fd) : STATUS_EINVAL;

	if (status || *len_bytes == 0) {
		return status ? status : STATUS_EINVAL;
	}
	if (*len_bytes > USER_TOP) {
		return STATUS_ENOMEM;
	}
	*len_bytes = align_up(*len_bytes, page_bytes);
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		return place_check(*at, *len_bytes, page_bytes);
	}
	*at = align_down(*at, PAGE_SIZE);
	return STATUS_OK;
}

int64_t sys_mmap(uint64_t at, uint64_t len_bytes, uint64_t prot, uint64_t flags, uint64_t fd,
		 uint64_t offset)
{
	struct as *as = process_current()->as;
	unsigned rights, region_flags;
	uva_t where;
	status_t status = map_check(&at, &len_bytes, flags, fd, offset);

	if (status == STATUS_OK) {
		status = type_decode(flags, &region_flags);
	}
	if (status == STATUS_OK) {
		status = rights_decode(prot, &rights);
	}
	if (status == STATUS_OK) {
		status = as_map(as, how_decode(flags, at), at, len_bytes, rights, region_flags,
				&where);
	}
	if (status) {
		return status;
	}
	/* no page is ever taken away, so a locked one is one that is there */
	if (flags & MAP_LOCKED || (flags & MAP_POPULATE && !(flags & MAP_NONBLOCK))) {
		populate(as, where, len_bytes, rights,
			 region_flags & REGION_HUGE ? HUGE_SIZE : PAGE_SIZE);
	}
	return (int64_t)where.uva;
}

int64_t sys_munmap(uint64_t at, uint64_t len_bytes)
{
	uint64_t end;

	if (!is_aligned(at, PAGE_SIZE) || len_bytes == 0 || at > USER_TOP ||
	    len_bytes > USER_TOP - at) {
		return STATUS_EINVAL;
	}
	end = at + align_up(len_bytes, PAGE_SIZE);
	at = MAX(at, USER_MIN);
	return end > at ? as_unmap(process_current()->as, (uva_t){ at }, end - at) : STATUS_OK;
}

/* What grows is for stacks, which do not here: the mapping is none that grows. */
static status_t protect_check(uint64_t prot, uint64_t at, uint64_t *len_bytes)
{
	uint64_t grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);

	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || !is_aligned(at, PAGE_SIZE)) {
		return STATUS_EINVAL;
	}
	if (*len_bytes == 0) {
		return STATUS_OK;
	}
	*len_bytes = align_up(*len_bytes, PAGE_SIZE);
	if (at + *len_bytes <= at) {
		return STATUS_ENOMEM;
	}
	return prot & ~(uint64_t)(PROT_ALL | PROT_SEM) & ~grows ? STATUS_EINVAL : STATUS_OK;
}

/* What lies before the first hole changes. */
int64_t sys_mprotect(uint64_t at, uint64_t len_bytes, uint64_t prot)
{
	struct as *as = process_current()->as;
	unsigned rights;
	uint64_t end, covered_end;
	status_t status = protect_check(prot, at, &len_bytes);

	if (status || len_bytes == 0) {
		return status;
	}
	end = at + len_bytes;
	covered_end = as_covered_end(as, at, end);
	if (covered_end == at) {
		return STATUS_ENOMEM;
	}
	status = prot & (PROT_GROWSDOWN | PROT_GROWSUP) ? STATUS_EINVAL
							: rights_decode(prot, &rights);
	if (status == STATUS_OK) {
		status = as_protect(as, (uva_t){ at }, covered_end - at, rights);
	}
	return status == STATUS_OK && covered_end < end ? STATUS_ENOMEM : status;
}

int64_t sys_brk(uint64_t wanted) { return (int64_t)as_brk(process_current()->as, wanted); }

/* ---- mremap ---- */

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
