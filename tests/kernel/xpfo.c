/*
 * XPFO from inside the kernel, after the self-tests that came with the published patches: a user
 * frame is read through the direct map, 4 KiB and 2 MiB, mapped and freed; with xpfo=off the same
 * reads succeed.
 */
#include "mm/frame/xpfo.h"
#include "arch/x86_64/entry/probe.h"
#include "core/cpu.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/window.h"
#include "mm/table/ptable.h"
#include "mm/tlb/ktlb.h"
#include "mm/tlb/tlb.h"
#include "task/sched/thread.h"

static uint64_t synonym(pfn_t frame) { return direct_map_base + pfn_to_pa(frame).pa; }

/* Reads every page of a frame through the direct map: how many could be read. */
static unsigned nr_readable(pfn_t first, unsigned order)
{
	unsigned nr = 0;
	uint64_t value;

	for (uint32_t i = 0; i < 1u << order; i++) {
		nr += probe_read(synonym(pfn_add(first, i)), &value);
	}
	return nr;
}

static void check_size(unsigned order, const char *what)
{
	uint64_t marker = 0x62756c7761726b21, value;
	pfn_t frame;

	if ((order ? frame_alloc_large : frame_alloc_user)(&frame)) {
		ktest_skip("no memory for a %s user frame", what);
		return;
	}
	window_write(&frame, 1, 0, &marker, sizeof(marker));
	if (xpfo_is_on() && options.xpfo != xpfo_v7noflush) {
		ktest_ok(nr_readable(frame, order) == 0,
			 "a hidden %s frame is unreadable through the direct map", what);
		ktest_ok(!direct_map_has(frame), "no entry of the direct map shows a %s user frame",
			 what);
		frame_put_user(frame);
		ktest_ok(nr_readable(frame, order) == (xpfo.stays_hidden ? 0 : 1u << order),
			 "a freed %s frame is %s", what,
			 xpfo.stays_hidden ? "still unreadable" : "in the direct map again");
	} else if (xpfo_is_on()) {
		ktest_ok(!direct_map_has(frame), "no entry of the direct map shows a %s user frame",
			 what);
		frame_put_user(frame);
	} else {
		ktest_ok(nr_readable(frame, order) == 1u << order,
			 "with xpfo=off a %s user frame is readable", what);
		ktest_ok(probe_read(synonym(frame), &value) && value == marker,
			 "and shows what user space wrote");
		frame_put_user(frame);
		ktest_ok(probe_read(synonym(frame), &value) && value == marker,
			 "also after it was freed");
	}
}

KTEST_SUITE(xpfo)
{
	check_size(0, "4 KiB");
	check_size(HUGE_ORDER, "2 MiB");
}

KTEST_SUITE(xpfo_scrub)
{
	uint64_t marker = 0x62756c7761726b21, sum = 0;
	bool was_hidden;
	pfn_t frame;

	if (frame_alloc_user(&frame)) {
		ktest_skip("no memory for a user frame");
		return;
	}
	window_write(&frame, 1, 64, &marker, sizeof(marker));
	frame_put_user(frame);
	/* it is FREE now; if it is hidden, show it to the kernel for a moment, as kmap would */
	was_hidden = !direct_map_has(frame);
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(uint64_t); i++) {
		sum |= was_hidden ? window_load(frame, i * sizeof(uint64_t))
				  : ((const uint64_t *)direct_map_pointer(frame))[i];
	}
	ktest_ok((sum == 0) == xpfo.clears_at_free, "a freed user frame is %s",
		 xpfo.clears_at_free ? "zeroed" : "as it was");
}

KTEST_SUITE(xpfo_kmap)
{
	uint64_t marker = 0x62756c7761726b21, value;
	pfn_t frame;

	if (frame_alloc_user(&frame)) {
		ktest_skip("no memory for a user frame");
		return;
	}
	if (!xpfo_may_kmap()) {
		ktest_ok(!xpfo_kmap(frame) && !direct_map_has(frame),
			 "with ptprot xpfo_kmap shows nothing");
		xpfo_kunmap(frame);
		frame_put_user(frame);
		return;
	}
	window_write(&frame, 1, 0, &marker, sizeof(marker));
	ktest_ok(*(uint64_t *)xpfo_kmap(frame) == marker, "xpfo_kmap shows the frame");
	(void)xpfo_kmap(frame);
	xpfo_kunmap(frame);
	ktest_ok(probe_read(synonym(frame), &value), "a nested kunmap leaves it mapped");
	xpfo_kunmap(frame);
	ktest_ok(direct_map_has(frame) == !xpfo_is_on(), "the last kunmap hides it again");
	ktest_ok(frame_entry(frame)->kmaps == 0, "no hold is left");
	frame_put_user(frame);
}

/* A page that a device fills is zeroed by nobody, so nothing kmaps it. */
KTEST_SUITE(xpfo_device)
{
	pfn_t frame;

	if (frame_alloc_user_for_device(&frame)) {
		ktest_skip("no memory for a user frame");
		return;
	}
	ktest_ok(direct_map_has(frame) == !xpfo.unmaps_at_alloc,
		 "a frame that a device fills is %s", xpfo.unmaps_at_alloc ? "hidden" : "mapped");
	(void)xpfo_kmap(frame);
	xpfo_kunmap(frame);
	ktest_ok(direct_map_has(frame) == !xpfo_is_on(), "until the kernel has kmapped it");
	frame_put_user(frame);
}

KTEST_SUITE(window)
{
	static const char text[] = "through the private window";
	pfn_t source, copy;
	uint64_t value;

	if (frame_alloc_user(&source)) {
		ktest_skip("no memory for user frames");
		return;
	}
	if (frame_alloc_user(&copy)) {
		frame_put_user(source);
		ktest_skip("no memory for user frames");
		return;
	}
	window_write(&source, 1, 96, text, sizeof(text));
	window_copy(copy, source, 0);
	ktest_ok(!probe_read(WINDOW_BASE, &value), "a closed window shows nothing");
	value = window_load(copy, 96);
	ktest_ok(memcmp(&value, text, sizeof(value)) == 0, "what one writes and copies arrives");
	frame_put_user(source);
	frame_put_user(copy);
}

KTEST_SUITE(xpfo_debts)
{
	const uint64_t *debts = thread_current()->tlb_debts;
	va_t page = { synonym(kernel_root) };
	unsigned nr = 0;

	ktlb_flush_owed(page, 1);
	for (unsigned id = 0; id < nr_cpus; id++) {
		nr += debts[id / 64] >> id % 64 & 1;
	}
	ktest_ok(nr >= nr_cpus - 1, "the thread owes a flush to every other processor");
}
