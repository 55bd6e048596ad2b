/*
 * In the gate: the contents of frames that the direct map does not show, through this processor's
 * window. What is shown are frames that the operation has asked the frame table about; nothing is
 * written through a pointer that ordinary memory holds.
 */
#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/cpu/tlb_insn.h"
#include "core/cpu.h"
#include "lib/string.h"
#include "mm/frame/window.h"
#include "mm/gate/operations.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

/* Of this processor. Until gate_begin the sealed word need not be there. */
static cr3_t window_cr3(void)
{
	return gate_is_shut() ? (cr3_t){ PERCPU_SEALED_READ(offsetof(struct cpu_sealed, gate_cr3)) }
			      : tlb_window_cr3(this_cpu());
}

/* In memory that nobody else writes: a pointer that ordinary memory has could lead to any. */
static void count(unsigned nr)
{
	if (gate_is_shut()) {
		gate_kept_own()->nr_openings++;
		gate_kept_own()->nr_shown += nr;
	} else {
		COUNT(window_openings);
		COUNT_N(window_frames, nr);
		COUNT_N(invlpg, nr);
		COUNT_N(cr3_loads, 2);
	}
}

/* For nr frames. With ptprot=window the gate has it loaded. */
static cr3_t window_load_root(unsigned nr)
{
	cr3_t before = cr3_read();

	count(nr);
	if (gate_in_force != ptprot_window) {
		cr3_write(window_cr3());
	}
	return before;
}

static void window_leave_root(cr3_t before)
{
	if (gate_in_force != ptprot_window) {
		cr3_write(cr3_returning(before));
	}
}

static void entry_set(unsigned index, pte_t pte)
{
	*(volatile uint64_t *)(WINDOW_SELF + index * sizeof(pte_t)) = pte.value;
}

/* What window.c left there, if it was lied to, goes before the page comes. */
static char *page_show(unsigned index, pfn_t frame, uint64_t flags)
{
	char *page = (char *)WINDOW_BASE + (uint64_t)index * PAGE_SIZE;
	uint64_t before = *(const volatile uint64_t *)(WINDOW_SELF + index * sizeof(pte_t));

	entry_set(index, pte_make(frame, PTE_PRESENT | ptable_nx() | flags));
	if (UNLIKELY(before)) {
		insn_invlpg((uint64_t)page);
	}
	return page;
}

/* Flushes: no other processor can have walked it. */
static void page_unshow(unsigned index)
{
	entry_set(index, PTE_NONE);
	insn_invlpg(WINDOW_BASE + (uint64_t)index * PAGE_SIZE);
}

char *gate_show(const pfn_t *shown, unsigned nr, cr3_t *before)
{
	*before = window_load_root(nr);
	for (unsigned i = 0; i < nr; i++) {
		(void)page_show(i, shown[i], PTE_WRITABLE);
	}
	return (char *)WINDOW_BASE;
}

void gate_unshow(unsigned nr, cr3_t before)
{
	for (unsigned i = 0; i < nr; i++) {
		page_unshow(i);
	}
	window_leave_root(before);
}

void gate_zero(const pfn_t *frames_to_zero, unsigned nr)
{
	cr3_t before;

	memset(gate_show(frames_to_zero, nr, &before), 0, nr * PAGE_SIZE);
	gate_unshow(nr, before);
}

void gate_write(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, const void *from,
		uint64_t len_bytes)
{
	cr3_t before;

	memcpy(gate_show(targets, nr, &before) + offset_bytes, from, len_bytes);
	gate_unshow(nr, before);
}

void gate_set(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, int byte,
	      uint64_t len_bytes)
{
	cr3_t before;

	memset(gate_show(targets, nr, &before) + offset_bytes, byte, len_bytes);
	gate_unshow(nr, before);
}

bool gate_store(pfn_t frame, uint64_t offset_bytes, uint64_t value, unsigned size_bytes)
{
	bool is_right = true;
	cr3_t before;
	char *at;

	if (offset_bytes >= PAGE_SIZE || size_bytes > PAGE_SIZE - offset_bytes) {
		return false;
	}
	at = gate_show(&frame, 1, &before) + offset_bytes;
	switch (size_bytes) {
	case 1: *(volatile uint8_t *)at = (uint8_t)value; break;
	case 2: *(volatile uint16_t *)at = (uint16_t)value; break;
	case 4: *(volatile uint32_t *)at = (uint32_t)value; break;
	case 8: *(volatile uint64_t *)at = value; break;
	default: is_right = false;
	}
	gate_unshow(1, before);
	return is_right;
}

bool gate_may_read(const void *from, uint64_t len_bytes)
{
	uint64_t first = (uint64_t)from, last = first + len_bytes - 1;

	return last >= first && policy_view_of(first) != VIEW_WINDOW &&
	       policy_view_of(last) != VIEW_WINDOW;
}

void gate_copy(pfn_t to, pfn_t from, unsigned nr)
{
	cr3_t before = window_load_root(2 * nr);
	char *target = (char *)WINDOW_BASE;

	for (unsigned i = 0; i < nr; i++) {
		(void)page_show(i, pfn_add(to, i), PTE_WRITABLE);
		(void)page_show(nr + i, pfn_add(from, i), 0);
	}
	memcpy(target, target + nr * PAGE_SIZE, nr * PAGE_SIZE);
	gate_unshow(2 * nr, before);
}
