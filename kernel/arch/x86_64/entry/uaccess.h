/*
 * Access to user memory: the only code between STAC and CLAC. Each returns the number of bytes NOT
 * reached: 0 is success. The caller has checked that the user range lies below USER_TOP. Faults
 * inside are fixed up through the exception table.
 */
#pragma once

#include "lib/types.h"

/* Boot: with or without STAC and CLAC, which fault where the CPU has no SMAP. */
void uaccess_init(bool has_smap);

struct uaccess {
	uint64_t (*copy)(void *to, const void *from, uint64_t len_bytes);
	uint64_t (*zero)(void *to, uint64_t len_bytes);
	uint64_t (*load_u32)(uint32_t *to, const void *from);
	uint64_t (*load_u64)(uint64_t *to, const void *from);
	uint64_t (*store_u32)(void *to, uint32_t value);
	uint64_t (*store_u64)(void *to, uint64_t value);
};
extern struct uaccess uaccess;
