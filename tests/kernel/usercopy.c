/*
 * Hardened usercopy: what a copy may touch of kernel memory and what it may not. The user side is a
 * page of the process that asked for the suite.
 */
#include "mm/as/usercopy.h"
#include "arch/x86_64/entry/trap.h"
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/as/usercopy_check.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/entry_area.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "task/authority/active_syscall_table.h"
#include "task/fault/fault_report.h"
#include "task/process/process.h"

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

static void expect_refused_write(void *to, size_t len_bytes, const char *what)
{
	if (options.pmalloc != pmalloc_off) {
		expect_write(to, len_bytes, false, what);
	}
}

static void check_slab(void)
{
	static struct slab_cache cache;
	void *one;

	if (!cache.name) {
		slab_cache_init(&cache, "usercopy test", SLAB_BYTES);
	}
	if (slab_alloc(&cache, &one)) {
		ktest_skip("no memory for an object");
		return;
	}
	expect_read(one, SLAB_BYTES, false, "an object of a slab");
	expect_refused_write(one, SLAB_BYTES, "an object of a slab");
	expect_read((void *)align_down((uint64_t)one, PAGE_SIZE), 8, false, "the slab's header");
	slab_free(&cache, one);
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
	pfn_t pages, others;
	char *at;

	if (frame_alloc_copied(1, &pages)) {
		ktest_skip("no memory for pages");
		return;
	}
	if (frame_alloc_zeroed(OWNER_KERNEL, 0, &others)) {
		frame_free_kernel(pages, 1);
		ktest_skip("no memory for pages");
		return;
	}
	at = direct_map_pointer(pages);
	expect_read(at + 100, PAGE_SIZE, true, "an allocation of two pages, across both");
	expect_write(at + 100, PAGE_SIZE, true, "an allocation of two pages, across both");
	expect_read(at + PAGE_SIZE, PAGE_SIZE + 1, false, "one byte past its end");
	expect_read(at - 1, 2, false, "from the byte in front of it into it");
	frame_free_kernel(pages, 1);
	expect_read(at, 8, false, "freed pages");
	if (!frame_alloc_kernel(OWNER_KERNEL, 1, &pages)) {
		expect_read(direct_map_pointer(pages), 8, false,
			    "the same, when they are another's");
		frame_free_kernel(pages, 1);
	}
	expect_read(direct_map_pointer(others), 8, false, "pages that are not for copies");
	expect_read(direct_map_pointer(process_current()->as->root), 8, false, "a root");
	expect_read(direct_map_pointer(pfn_add(process_current()->as->root, 1)), 8, false,
		    "a shadow root");
	frame_free_kernel(others, 0);
	expect_read(direct_map_pointer(kernel_root), 8, false, "a page table");
}

/* What the processor itself uses: the entry area and the data of this CPU and the next. */
static void check_processor(void)
{
	const struct cpu *cpu = this_cpu();

	expect_read(cpu->entry, sizeof(*cpu->entry), false, "the entry page");
	expect_read(cpu, sizeof(*cpu), false, "a processor's data");
	expect_read((const void *)active_syscall_table_address(), 8, true,
		    "an object of a processor's pool");
	expect_read((const char *)cpu->entry + CPU_SEALED_OFFSET, 8, false,
		    "the same where the entry area shows it");
	expect_read((const void *)(cpu->entry_stack_top - 64), 64, false, "the entry stack");
	expect_read((const void *)entry_idt(0).va, 16, false, "a gate of the IDT");
	expect_read((const void *)entry_text().va, 16, false, "the entry code");
	expect_read((const void *)WINDOW_BASE, 8, false, "the private window");
}

/* Where the direct map has what lies at a kernel address. */
static char *alias_of(const void *at)
{
	pte_t pte = ptable_lookup(kernel_root, (uint64_t)at, NULL);

	return (char *)direct_map_pointer(pte_frame(pte)) + (uint64_t)at % PAGE_SIZE;
}

static void expect_alias_refused(const void *at, const char *what)
{
	char *alias = alias_of(at);

	expect_read(alias, 8, false, what);
	expect_refused_write(alias, 8, what);
}

/* Frames are refused, not addresses. */
static void check_aliases(void)
{
	const struct cpu *cpu = this_cpu();
	char own[8] = { 0 };

	expect_alias_refused((const void *)(cpu->idle->stack.va + KSTACK_SIZE - 64),
			     "another thread's stack through the direct map");
	expect_alias_refused(own, "a variable of the function's own through the direct map");
	expect_alias_refused(cpu, "a processor's data through the direct map");
	expect_alias_refused((const char *)cpu + PAGE_SIZE, "the second page of it");
	expect_alias_refused(cpu->entry, "the entry page through the direct map");
	expect_alias_refused((const void *)(cpu->entry_stack_top - 64),
			     "the entry stack through the direct map");
	expect_alias_refused(frames, "the frame table");
	expect_alias_refused(frame_histories, "the histories of frames");
	expect_alias_refused(frame_history_pids, "the pids of histories");
	expect_alias_refused(process_current(), "a process");
}

/* What the entry code saved lies above the frame of the first C function. */
static void check_saved_registers(void)
{
	const uint64_t *frame = __builtin_frame_address(0);

	while (frame[0]) {
		frame = (const uint64_t *)frame[0];
	}
	expect_read(frame + 2, 8, false, "the user's registers");
	expect_refused_write((uint64_t *)(uint64_t)frame + 2, sizeof(struct regs),
			     "all of the user's registers");
	expect_refused_write(thread_top_regs(thread_current()), sizeof(struct regs),
			     "the top of the stack");
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

static char copied[16], copied_too[16];
static const char copied_constant[16] = "copied";
USERCOPY(copied);
USERCOPY(copied_too);
USERCOPY(copied_constant);

static void check_variables(void)
{
	char *one = copied, *other = copied_too;
	const char *low = MIN(one, other), *high = MAX(one, other);

	expect_read(copied, sizeof(copied), true, "a variable for copies");
	expect_write(copied, sizeof(copied), true, "a variable for copies");
	expect_read(copied_constant, sizeof(copied_constant), true, "a constant for copies");
	if (options.pmalloc == pmalloc_off) {
		return;
	}
	expect_write((char *)(uint64_t)copied_constant, 1, false, "a constant for copies");
	expect_read((const char *)((uint64_t)one + 15), 2, false, "one byte past the variable");
	expect_read((const char *)((uint64_t)one - 1), 2, false,
		    "from the byte in front of it into it");
	expect_read(low, (size_t)(high - low) + sizeof(copied), false, "two of them at once");
	expect_read(&nr_frames, sizeof(nr_frames), false, "what is sealed after boot");
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
		check_aliases();
		check_saved_registers();
	}
	check_variables();
	if (options.pmalloc != pmalloc_off) {
		expect_read(data, sizeof(data), false, "a variable");
		expect_write(data, sizeof(data), false, "a variable");
		expect_read(constant, sizeof(constant), false, "a constant");
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
