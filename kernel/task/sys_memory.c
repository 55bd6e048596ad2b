/*
 * Memory calls. No mapping is ever writable and executable: whoever asks for both gets EACCES, from
 * mmap and from mprotect.
 */
#include "core/cpu.h"
#include "core/poll.h"
#include "mm/as.h"
#include "mm/layout.h"
#include "mm/usercopy.h"
#include "task/process.h"
#include "task/syscall.h"

/* Linux's flags. */
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, PROT_ALL = 7 };
enum {
	MAP_SHARED = 0x01,
	MAP_PRIVATE = 0x02,
	MAP_TYPE = 0x0f,
	MAP_FIXED = 0x10,
	MAP_ANONYMOUS = 0x20,
	MAP_NORESERVE = 0x4000,
	MAP_POPULATE = 0x8000,
	MAP_STACK = 0x20000,
	MAP_HUGETLB = 0x40000,
	MAP_FIXED_NOREPLACE = 0x100000,
	MAP_HUGE_SIZE_SHIFT = 26,
	MAP_HUGE_2MB = 21 << MAP_HUGE_SIZE_SHIFT,
};
#define MAP_HUGE_SIZE_MASK (63u << MAP_HUGE_SIZE_SHIFT)
#define MAP_KNOWN                                                                                  \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE | MAP_STACK |         \
	 MAP_HUGETLB | MAP_FIXED_NOREPLACE | MAP_HUGE_SIZE_MASK)
static_assert((int)PROT_READ == (int)RIGHT_READ && (int)PROT_WRITE == (int)RIGHT_WRITE &&
		      (int)PROT_EXEC == (int)RIGHT_EXECUTE,
	      "Linux's rights are ours");
enum { MADV_NORMAL = 0, MADV_WILLNEED = 3, MADV_DONTNEED = 4, MADV_FREE = 8 };

static status_t rights_decode(uint64_t prot, unsigned *rights)
{
	if (prot & ~(uint64_t)PROT_ALL) {
		return STATUS_EINVAL;
	}
	if (prot & PROT_WRITE && prot & PROT_EXEC) {
		return STATUS_EACCES;
	}
	/* the processor has no page that can be written or run but not read */
	*rights = (unsigned)prot | (prot ? RIGHT_READ : 0);
	return STATUS_OK;
}

static status_t flags_decode(uint64_t flags, unsigned *region_flags)
{
	uint64_t type = flags & MAP_TYPE, huge_size = flags & MAP_HUGE_SIZE_MASK;

	if (flags & ~(uint64_t)MAP_KNOWN || (type != MAP_SHARED && type != MAP_PRIVATE)) {
		return STATUS_EINVAL;
	}
	if (!(flags & MAP_ANONYMOUS)) {
		return STATUS_ENODEV;
	}
	if (huge_size && !(flags & MAP_HUGETLB && huge_size == MAP_HUGE_2MB)) {
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
	return at ? AS_MAP_HINT : AS_MAP_ANYWHERE;
}

#define POPULATE_BYTES_MAX (16ul << 20)
enum { POPULATE_PIECE_BYTES = 16 * PAGE_SIZE };

/* MAP_POPULATE is a wish: what memory does not suffice for comes later, or not at all. */
static void populate(struct as *as, uva_t at, uint64_t len_bytes, unsigned rights,
		     uint64_t step_bytes)
{
	unsigned wanted = rights & RIGHT_WRITE ? RIGHT_WRITE : RIGHT_READ;

	len_bytes = MIN(len_bytes, POPULATE_BYTES_MAX);
	for (uint64_t done = 0; rights && done < len_bytes; done += step_bytes) {
		if (as_fault(as, (uva_t){ at.uva + done }, wanted) != STATUS_OK ||
		    (done % POPULATE_PIECE_BYTES == 0 && poll_call())) {
			return;
		}
	}
}

int64_t sys_mmap(uint64_t at, uint64_t len_bytes, uint64_t prot, uint64_t flags, uint64_t fd,
		 uint64_t offset)
{
	struct as *as = process_current()->as;
	unsigned rights, region_flags;
	uint64_t page_bytes;
	uva_t where;
	status_t status = flags_decode(flags, &region_flags);

	(void)fd;
	if (status == STATUS_OK) {
		status = rights_decode(prot, &rights);
	}
	if (status) {
		return status;
	}
	page_bytes = region_flags & REGION_HUGE ? HUGE_SIZE : PAGE_SIZE;
	if (len_bytes == 0 || !is_aligned(offset, PAGE_SIZE)) {
		return STATUS_EINVAL;
	}
	if (len_bytes > USER_TOP) {
		return STATUS_ENOMEM;
	}
	len_bytes = align_up(len_bytes, page_bytes);
	status = as_map(as, how_decode(flags, at), at, len_bytes, rights, region_flags, &where);
	if (status) {
		return status;
	}
	if (flags & MAP_POPULATE) {
		populate(as, where, len_bytes, rights, page_bytes);
	}
	return (int64_t)where.uva;
}

/*
 * A page-aligned range of the user half, its length rounded up; EINVAL where that is not what it
 * is.
 */
static status_t range_decode(uint64_t at, uint64_t *len_bytes)
{
	if (!is_aligned(at, PAGE_SIZE) || *len_bytes > USER_TOP) {
		return STATUS_EINVAL;
	}
	*len_bytes = align_up(*len_bytes, PAGE_SIZE);
	return user_range_ok((uva_t){ at }, *len_bytes) ? STATUS_OK : STATUS_EINVAL;
}

int64_t sys_munmap(uint64_t at, uint64_t len_bytes)
{
	status_t status = range_decode(at, &len_bytes);

	if (status || len_bytes == 0) {
		return STATUS_EINVAL;
	}
	return as_unmap(process_current()->as, (uva_t){ at }, len_bytes);
}

int64_t sys_mprotect(uint64_t at, uint64_t len_bytes, uint64_t prot)
{
	unsigned rights;
	status_t status = rights_decode(prot, &rights);

	if (status || !is_aligned(at, PAGE_SIZE)) {
		return status ? status : STATUS_EINVAL;
	}
	if (len_bytes == 0) {
		return STATUS_OK;
	}
	if (range_decode(at, &len_bytes)) {
		return STATUS_ENOMEM;
	}
	return as_protect(process_current()->as, (uva_t){ at }, len_bytes, rights);
}

int64_t sys_brk(uint64_t wanted) { return (int64_t)as_brk(process_current()->as, wanted); }

int64_t sys_madvise(uint64_t at, uint64_t len_bytes, uint64_t advice)
{
	status_t status = range_decode(at, &len_bytes);

	if (status) {
		return status;
	}
	if (advice == MADV_DONTNEED) {
		return as_discard(process_current()->as, (uva_t){ at }, len_bytes);
	}
	/*
	 * the other pieces of advice are for memory management that Bulwark does not have; none
	 * asks for an effect
	 */
	return advice <= MADV_WILLNEED || advice == MADV_FREE ? STATUS_OK : STATUS_EINVAL;
}
