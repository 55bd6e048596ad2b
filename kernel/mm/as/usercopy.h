/*
 * The only way to user memory of the *current* address space: STAC, copy with an exception table,
 * CLAC. No lock may be held. EFAULT when any byte cannot be reached; what was copied before stays
 * copied. The kernel side is checked too: usercopy_check.h. Single loads and stores are not, their
 * callers name a variable.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"
#include "mm/table/layout.h"

status_t copy_from_user(void *to, uva_t from, size_t len_bytes) MUST_CHECK;
status_t copy_to_user(uva_t to, const void *from, size_t len_bytes) MUST_CHECK;
status_t zero_user(uva_t to, size_t len_bytes) MUST_CHECK;
/* Up to size_bytes including the terminator. ENAMETOOLONG when there is none; *len excludes it. */
status_t copy_string_from_user(char *to, uva_t from, size_t size_bytes, size_t *len) MUST_CHECK;
/* Single loads and stores: one snapshot, never torn. */
status_t load_user_u32(uva_t from, uint32_t *out) MUST_CHECK;
status_t load_user_u64(uva_t from, uint64_t *out) MUST_CHECK;
status_t store_user_u32(uva_t to, uint32_t value) MUST_CHECK;
status_t store_user_u64(uva_t to, uint64_t value) MUST_CHECK;
/* [at, at + len) lies below USER_TOP and does not wrap. */
static inline bool user_range_ok(uva_t at, uint64_t len_bytes)
{
	return at.uva <= USER_TOP && len_bytes <= USER_TOP - at.uva;
}
