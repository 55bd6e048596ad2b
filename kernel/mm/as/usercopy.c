/* Checks user ranges and calls the access routines. */
#include "mm/as/usercopy.h"

#include "arch/x86_64/cpu/rflags.h"
#include "arch/x86_64/entry/uaccess.h"
#include "core/cpu.h"
#include "lib/assert.h"
#include "mm/as/as.h"
#include "mm/as/usercopy_check.h"
#include "mm/sanitizer/marks.h"

/* Of an access that is over: user memory is out of reach again. */
static status_t status_of(uint64_t nr_left)
{
	assert(rflags_are_clean());
	return nr_left ? STATUS_EFAULT : STATUS_OK;
}

/* The fault handler takes locks, and may leave without coming back. */
static bool may_access(uva_t at, uint64_t len_bytes)
{
	assert(this_cpu()->nr_held == 0);
	as_settle();
	return user_range_ok(at, len_bytes);
}

/* noinline: the caller's variables lie above this frame. */
__attribute__((noinline)) status_t copy_from_user(void *to, uva_t from, size_t len_bytes)
{
	if (!may_access(from, len_bytes) ||
	    !usercopy_allows(to, len_bytes, COPY_FROM_USER, __builtin_frame_address(0))) {
		return STATUS_EFAULT;
	}
	mark_check(to, len_bytes, TOUCH_STORE);
	return status_of(uaccess.copy(to, (const void *)from.uva, len_bytes));
}

__attribute__((noinline)) status_t copy_to_user(uva_t to, const void *from, size_t len_bytes)
{
	if (!may_access(to, len_bytes) ||
	    !usercopy_allows(from, len_bytes, COPY_TO_USER, __builtin_frame_address(0))) {
		return STATUS_EFAULT;
	}
	mark_check(from, len_bytes, TOUCH_LOAD);
	return status_of(uaccess.copy((void *)to.uva, from, len_bytes));
}

status_t zero_user(uva_t to, size_t len_bytes)
{
	return may_access(to, len_bytes) ? status_of(uaccess.zero((void *)to.uva, len_bytes))
					 : STATUS_EFAULT;
}

/* Little by little, as most are short; and never over the end of a page, so that a string which
 * ends before an unmapped one is found. */
enum { STRING_CHUNK = 64 };

status_t copy_string_from_user(char *to, uva_t from, size_t size_bytes, size_t *len)
{
	size_t done = 0;

	while (done < size_bytes) {
		uint64_t at = from.uva + done;
		size_t chunk = MIN(size_bytes - done, STRING_CHUNK - (at & (STRING_CHUNK - 1)));

		if (copy_from_user(to + done, (uva_t){ at }, chunk)) {
			return STATUS_EFAULT;
		}
		for (size_t i = done; i < done + chunk; i++) {
			if (!to[i]) {
				*len = i;
				return STATUS_OK;
			}
		}
		done += chunk;
	}
	return STATUS_ENAMETOOLONG;
}

static __attribute__((noinline)) status_t settle_and_load_u32(uva_t from, uint32_t *out)
{
	as_settle();
	return load_user_u32(from, out);
}

/* The usual case calls nothing but the access, so it keeps no registers. */
status_t load_user_u32(uva_t from, uint32_t *out)
{
	assert(this_cpu()->nr_held == 0);
	if (UNLIKELY(!current_root_is_loaded())) {
		return settle_and_load_u32(from, out);
	}
	return user_range_ok(from, sizeof(*out))
		       ? status_of(uaccess.load_u32(out, (const void *)from.uva))
		       : STATUS_EFAULT;
}

status_t load_user_u64(uva_t from, uint64_t *out)
{
	return may_access(from, 8) ? status_of(uaccess.load_u64(out, (const void *)from.uva))
				   : STATUS_EFAULT;
}

status_t store_user_u32(uva_t to, uint32_t value)
{
	return may_access(to, 4) ? status_of(uaccess.store_u32((void *)to.uva, value))
				 : STATUS_EFAULT;
}

status_t store_user_u64(uva_t to, uint64_t value)
{
	return may_access(to, 8) ? status_of(uaccess.store_u64((void *)to.uva, value))
				 : STATUS_EFAULT;
}
