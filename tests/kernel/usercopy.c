/*
 * Hardened usercopy: what a copy may touch of kernel memory and what it may not. The user side is a
 * page of the process that asked for the suite.
 */
#include "mm/usercopy.h"
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/as.h"
#include "mm/direct_map.h"
#include "mm/entry_area.h"
#include "mm/frame_alloc.h"
#include "mm/kspace.h"
#include "mm/layout.h"
#include "mm/pmalloc.h"
#include "mm/ptable.h"
#include "mm/slab.h"
#include "task/fault_report.h"
#include "task/process.h"
#include "task/table_in_force.h"

enum { SLAB_BYTES = 100, POOL_BYTES = 50 };

/* Anonymous memory of the process, two pages. */
static uva_t user_page;

/* With pmalloc=off nothing is refused, and a copy from memory that is hidden faults. */
static void expect_read(const void *from, size_t len_bytes, bool is_allowed, const char *what)
{
	bool is_refused;

	if (options.pmalloc == pmalloc_off && !fault_readable((uint64_t)from, len_bytes)) {
		ktest_skip("a part of it is hidden");
		return;
	}
	is_refused = copy_to_user(user_page, from, len_bytes) == STATUS_EFAULT;
	ktest_ok(is_refused == (!is_allowed && options.pmalloc != pmalloc_off), "%s: %s", what,
		 is_allowed ? "may be read" : "refused");
}

static void expect_write(void *to, size_t len_bytes, bool is_allowed, const char *what)
{
	bool is_refused = copy_from_user(to, user_page, len_bytes) == STATUS_EFAULT;

	ktest_ok(is_refused != is_allowed, "%s: %s", what,
		 is_allowed ? "may be written" : "refused");
}

static void check_slab(void)
{
	static struct slab_cache cache;
	void *one, *other;

	slab_cache_init(&cache, "usercopy test", SLAB_BYTES);
	if (slab_alloc(&cache, &one)) {
		ktest_skip("no memory for an object");
		return;
	}
	if (slab_alloc(&cache, &other)) {
		slab_free(&cache, one);
		ktest_skip("no memory for an object");
		return;
	}
	expect_read(one, SLAB_BYTES, true, "an object of a slab");
	expect_write(one, SLAB_BYTES, true, "an object of a slab");
	expect_read((char *)one + 90, 10, true, "its end");
	expect_read(one, SLAB_BYTES + 1, false, "one byte more");
	expect_read((char *)one + 90, 11, false, "one byte past its end");
	expect_read(one, PAGE_SIZE, false, "its neighbours too");
	expect_read((char *)one - 1, 2, false, "from the byte in front of it into it");
	expect_read((void *)align_down((uint64_t)one, PAGE_SIZE), 8, false, "the slab's header");
	slab_free(&cache, one);
	slab_free(&cache, other);
}

static void check_pool(void)
{
	const struct pool *pool;
	void *object, *after;

	if (pmalloc_create_pool("usercopy", POOL_RO, 0, 0, &pool) ||
	    pmalloc(pool, POOL_BYTES, &object) || pmalloc(pool, POOL_BYTES, &after)) {
		ktest_skip("no memory for a pool");
		return;
	}
	expect_write(object, POOL_BYTES, true, "an object of an open pool");
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK, "the pool is sealed");
	expect_read(object, POOL_BYTES, true, "an object of a sealed pool");
	expect_read(object, POOL_BYTES + 1, false, "one byte past its end");
	expect_read((char *)object - 8, 8, false, "the eight bytes in front of it");
	expect_read(object, (size_t)((char *)after - (char *)object) + 1, false,
		    "all of it and the first byte of the next");
	expect_read((char *)object - 1, 2, false, "from the byte in front of it into it");
	expect_read(after, PAGE_SIZE, false, "what was never handed out");
	expect_read(pool, 8, false, "a pool's descriptor");
	if (options.pmalloc != pmalloc_off) {
		expect_write(object, 1, false, "an object of a sealed pool");
	}
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK, "the pool is destroyed");
}

static void check_pages(void)
{
	pfn_t pages;
	char *at;

	if (frame_alloc_zeroed(OWNER_KERNEL, 1, &pages)) {
		ktest_skip("no memory for pages");
		return;
	}
	at = direct_map_pointer(pages);
	expect_read(at + 100, PAGE_SIZE, true, "an allocation of two pages, across both");
	expect_read(at + PAGE_SIZE, PAGE_SIZE + 1, false, "one byte past its end");
	frame_free_kernel(pages, 1);
	expect_read(at, 8, false, "freed pages");
	expect_read(direct_map_pointer(kernel_root), 8, false, "a page table");
}

/* What the processor itself uses: the entry area and the data of this CPU and the next. */
static void check_processor(void)
{
	const struct cpu *cpu = this_cpu();

	expect_read(cpu->entry, sizeof(*cpu->entry), false, "the entry page");
	expect_read(cpu, sizeof(*cpu), false, "a processor's data");
	expect_read((const void *)table_in_force_place(), 8, true,
		    "an object of a processor's pool");
	expect_read((const char *)cpu->entry + CPU_SEALED_OFFSET, 8, false,
		    "the same where the entry area shows it");
	expect_read((const void *)(cpu->entry_stack_top - 64), 64, false, "the entry stack");
	expect_read((const void *)entry_idt(0).va, 16, false, "a gate of the IDT");
	expect_read((const void *)entry_text().va, 16, false, "the entry code");
	expect_read((const void *)WINDOW_BASE, 8, false, "the private window");
}

static void check_other_stack(void)
{
	va_t stack = this_cpu()->idle->stack;

	expect_read((const void *)(stack.va + KSTACK_SIZE - 64), 64, false,
		    "the stack of another thread");
	expect_read((const void *)(stack.va - 8), 16, false, "from a guard page into a stack");
	expect_read((const void *)(thread_current()->stack.va - 8), 16, false,
		    "from the guard page into the current stack");
}

/* Its own frame, and what is in its caller's. */
static __attribute__((noinline)) void check_stack(char *outer)
{
	char inner[64] = { 0 };
	char *low = inner < outer ? inner : outer, *high = inner < outer ? outer : inner;

	expect_read(inner, sizeof(inner), true, "a variable of the function's own");
	expect_write(inner, sizeof(inner), true, "a variable of the function's own");
	expect_read(outer, 64, true, "one of its caller's");
	expect_read(low, (size_t)(high - low) + 64, false, "all from the one to the other");
	expect_read((char *)__builtin_frame_address(0) - 2048, 8, false, "below the current frame");
}

KTEST_SUITE(usercopy)
{
	static const char constant[] = "a constant";
	static char data[16];
	struct as *as = process_current()->as;
	char outer[64] = { 0 };

	if (as_map(as, 0, 0, 4 * PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0, &user_page) ||
	    zero_user(user_page, 4 * PAGE_SIZE)) {
		ktest_skip("no memory for user pages");
		return;
	}
	check_slab();
	check_pool();
	check_pages();
	check_stack(outer);
	if (options.pmalloc != pmalloc_off) {
		check_processor();
		check_other_stack();
	}
	expect_read(constant, sizeof(constant), true, "a constant");
	expect_read(data, sizeof(data), true, "a variable");
	expect_write(data, sizeof(data), true, "a variable");
	if (options.pmalloc != pmalloc_off) {
		expect_write((char *)(uint64_t)constant, 1, false, "a constant");
		expect_read((const void *)((uint64_t)text_end - 16), 16, false, "kernel text");
		expect_read((const void *)(uint64_t)image_start, 16, false, "the first of it");
		expect_read((const void *)((uint64_t)image_end - 8), 16, false,
			    "past the kernel's data");
		expect_read((const void *)USER_MIN, 8, false, "user memory as kernel memory");
		expect_read((const void *)(UINT64_MAX - 8), 64, false, "a range that wraps around");
	}
	ktest_ok(as_unmap(as, user_page, 4 * PAGE_SIZE) == STATUS_OK, "the user pages go");
}
