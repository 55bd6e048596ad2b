/*
 * BUILD=fuzz: the user's side of every copy lies in the user half. Below this all checks of
 * pointers are done; one that is missing shows here, whether the copy reads or writes. The linker
 * leads uaccess_init here.
 */
#include "arch/x86_64/entry/uaccess.h"

#include "core/panic.h"
#include "mm/table/layout.h"

void __real_uaccess_init(bool has_smap);
void __wrap_uaccess_init(bool has_smap);

/* Written at boot. */
static struct uaccess real;

static bool is_user(const void *at, uint64_t len_bytes)
{
	return (uint64_t)at <= USER_TOP && len_bytes <= USER_TOP - (uint64_t)at;
}

static void expect_user(const void *at, uint64_t len_bytes)
{
	if (!is_user(at, len_bytes)) {
		panic("fuzz: a call accesses kernel memory for its program: %lu bytes at 0x%lx",
		      len_bytes, (uint64_t)at);
	}
}

static uint64_t copy(void *to, const void *from, uint64_t len_bytes)
{
	if (!is_user(from, len_bytes)) {
		expect_user(to, len_bytes);
	}
	return real.copy(to, from, len_bytes);
}

static uint64_t zero(void *to, uint64_t len_bytes)
{
	expect_user(to, len_bytes);
	return real.zero(to, len_bytes);
}

static uint64_t load_u32(uint32_t *to, const void *from)
{
	expect_user(from, sizeof(*to));
	return real.load_u32(to, from);
}

static uint64_t load_u64(uint64_t *to, const void *from)
{
	expect_user(from, sizeof(*to));
	return real.load_u64(to, from);
}

static uint64_t store_u32(void *to, uint32_t value)
{
	expect_user(to, sizeof(value));
	return real.store_u32(to, value);
}

static uint64_t store_u64(void *to, uint64_t value)
{
	expect_user(to, sizeof(value));
	return real.store_u64(to, value);
}

void __wrap_uaccess_init(bool has_smap)
{
	__real_uaccess_init(has_smap);
	real = uaccess;
	uaccess = (struct uaccess){ copy, zero, load_u32, load_u64, store_u32, store_u64 };
}
