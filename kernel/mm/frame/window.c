/* Opens and closes the private window. */
#include "mm/frame/window.h"

#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/entry/upcall.h"
#include "core/cpu.h"
#include "core/options.h"
#include "core/panic.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/as_tlb.h"
#include "mm/tlb/tlb.h"
#include "mm/tlb/tlb_hw.h"

/*
 * Invariant: while the window is closed every entry of this CPU's window page table is empty, but
 * for the local APIC's, and no TLB holds one. An opening is never nested and nothing in it waits,
 * faults or is interrupted.
 */

/* Two frames, so that the first has an even number: an odd one says shadow root (entry.asm). The
 * second one goes back. */
enum { ROOT_ORDER = 1 };

/* PTE_NONE: reached by MSR, or mapped as other devices are. */
static RO_AFTER_INIT pte_t apic_entry;

status_t window_init_cpu(struct cpu *cpu)
{
	pfn_t root;
	pte_t *entry;
	status_t status = frame_alloc_kernel(OWNER_PTABLE, ROOT_ORDER, &root);

	if (status) {
		return status;
	}
	frame_free_kernel(pfn_add(root, 1), 0);
	memcpy(direct_map_pointer(root), direct_map_pointer(kernel_root), PAGE_SIZE);
	status = ptable_entry_create(root, WINDOW_BASE, 1, &entry);
	if (status) {
		return status; /* boot stops here, so nothing is undone */
	}
	cpu->window_root = root;
	cpu->window_entries = entry;
	pte_write(&entry[PTES_PER_TABLE - 1],
		  pte_make(pointer_to_pfn(entry), PTE_PRESENT | PTE_WRITABLE | ptable_nx()));
	if (pte_is_present(apic_entry)) {
		pte_write(&entry[WINDOW_PAGES], apic_entry);
	}
	return STATUS_OK;
}

pte_t window_apic_entry(void) { return apic_entry; }

void window_apic_init(pa_t registers)
{
	apic_entry = pte_make(pa_to_pfn(registers), PTE_PRESENT | PTE_WRITABLE | ptable_nx() |
							    PTE_CACHE_DISABLE | PTE_WRITE_THROUGH);
	pte_write(&this_cpu()->window_entries[WINDOW_PAGES], apic_entry);
}

/* Flushes. Returns what was loaded. */
static inline cr3_t root_load(const struct cpu *cpu)
{
	cr3_t before = cr3_read();

	if (gate_in_force == ptprot_off) {
		cr3_load(tlb_window_cr3(cpu));
		return before;
	}
	cr3_oracle_check(tlb_window_cr3(cpu), 0);
	cr3_load_window();
	COUNT(cr3_loads);
	return before;
}

/* Flushes. With ptprot to the root in use, whatever was loaded: who was told that keeps it on a
 * stack. */
static inline void root_return(cr3_t before)
{
	if (gate_in_force == ptprot_off) {
		cr3_load(cr3_returning(before));
		return;
	}
	cr3_oracle_check(current_here()->kernel_cr3, 0);
	cr3_load_current();
	COUNT(cr3_loads);
}

/* From any root: a report that is made in an open window sends NMIs. */
uint64_t upcall_apic_open(void) { return root_load(this_cpu()).value; }
void upcall_apic_close(uint64_t before) { root_return((cr3_t){ before }); }

/* While the window's root is loaded. */
static inline void window_entry_set(unsigned index, pte_t pte)
{
	*(volatile uint64_t *)(WINDOW_SELF + index * sizeof(pte_t)) = pte.value;
}

static void *page_address(unsigned index)
{
	return (void *)(WINDOW_BASE + (uint64_t)index * PAGE_SIZE);
}

/* The window while it is open. */
struct opening {
	struct cpu *cpu;
	cr3_t before;   /* with ptprot=off loaded again by window_close */
	uint64_t flags; /* of an entry that can be read */
	unsigned nr_shown;
};

/* Flushes. */
static inline struct opening window_open(void)
{
	struct opening opening = { .cpu = this_cpu(), .flags = PTE_PRESENT | ptable_nx() };

	assert(!opening.cpu->window_is_open);
	opening.cpu->window_is_open = true;
	opening.before = root_load(opening.cpu);
	COUNT(window_openings);
	return opening;
}

/* With ptprot the gate alone writes to hidden frames: what these functions are told lies on stacks.
 * The kernel's own tests have them still. */
static inline struct opening window_open_to_write(void)
{
	if (gate_in_force != ptprot_off && options.ktest != ktest_on) {
		panic("a hidden frame is written to outside the gate");
	}
	return window_open();
}

/* Behind what is shown already. */
static inline void *window_map(struct opening *opening, pfn_t frame, uint64_t flags)
{
	unsigned index = opening->nr_shown++;

	window_entry_set(index, pte_make(frame, opening->flags | flags));
	return page_address(index);
}

/* Flushes: this CPU's window and nothing else, as no other CPU can have walked it. */
static inline void window_close(const struct opening *opening)
{
	for (unsigned i = 0; i < opening->nr_shown; i++) {
		window_entry_set(i, PTE_NONE);
		if (ASSERTIONS) {
			upcall_entry_stricter((const uint64_t *)WINDOW_SELF + i, false);
		}
		tlb_hw_flush_page((uint64_t)page_address(i));
	}
	COUNT_N(window_frames, opening->nr_shown);
	opening->cpu->window_is_open = false;
	root_return(opening->before);
	/* how many pages those were a stack has told: none stays in the TLB for the gate to meet */
	if (gate_in_force != ptprot_off) {
		(void)tlb_hw_gate_flush();
	}
}

void window_zero(const pfn_t *frames_to_zero, unsigned nr)
{
	while (nr) {
		unsigned batch = MIN(nr, (unsigned)WINDOW_PAGES);
		struct opening opening = window_open_to_write();

		for (unsigned i = 0; i < batch; i++) {
			(void)window_map(&opening, frames_to_zero[i], PTE_WRITABLE);
		}
		memset(page_address(0), 0, (size_t)batch * PAGE_SIZE);
		window_close(&opening);
		frames_to_zero += batch;
		nr -= batch;
		if (nr) {
			poll_requests();
		}
	}
}

void window_zero_range(pfn_t first, unsigned nr)
{
	pfn_t batch[WINDOW_PAGES];

	for (unsigned done = 0; done < nr;) {
		unsigned size = MIN(nr - done, (unsigned)WINDOW_PAGES);

		for (unsigned i = 0; i < size; i++) {
			batch[i] = pfn_add(first, done + i);
		}
		window_zero(batch, size);
		done += size;
		if (done < nr) {
			poll_requests();
		}
	}
}

void window_copy(pfn_t to, pfn_t from, unsigned order)
{
	enum { PAIRS = WINDOW_PAGES / 2 };

	for (uint32_t done = 0; done < 1u << order;) {
		unsigned batch = MIN((1u << order) - done, (unsigned)PAIRS);
		struct opening opening = window_open_to_write();

		for (unsigned i = 0; i < batch; i++) {
			(void)window_map(&opening, pfn_add(to, done + i), PTE_WRITABLE);
		}
		for (unsigned i = 0; i < batch; i++) {
			(void)window_map(&opening, pfn_add(from, done + i), 0);
		}
		memcpy(page_address(0), page_address(batch), (size_t)batch * PAGE_SIZE);
		window_close(&opening);
		done += batch;
		if (done < 1u << order) {
			poll_requests();
		}
	}
}

/* Flushes. Opens the window on what lies at an offset in these frames. */
static char *show_all(struct opening *opening, const pfn_t *targets, unsigned nr,
		      uint64_t offset_bytes, uint64_t len_bytes)
{
	*opening = window_open_to_write();
	assert(nr <= WINDOW_PAGES && offset_bytes + len_bytes <= (uint64_t)nr * PAGE_SIZE);
	for (unsigned i = 0; i < nr; i++) {
		(void)window_map(opening, targets[i], PTE_WRITABLE);
	}
	return (char *)page_address(0) + offset_bytes;
}

void window_write(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, const void *from,
		  uint64_t len_bytes)
{
	struct opening opening;

	memcpy(show_all(&opening, targets, nr, offset_bytes, len_bytes), from, len_bytes);
	window_close(&opening);
}

void window_set(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, int byte,
		uint64_t len_bytes)
{
	struct opening opening;

	memset(show_all(&opening, targets, nr, offset_bytes, len_bytes), byte, len_bytes);
	window_close(&opening);
}

void window_store(pfn_t frame, uint64_t offset_bytes, uint64_t value, unsigned size_bytes)
{
	struct opening opening;
	char *at = show_all(&opening, &frame, 1, offset_bytes, size_bytes);

	assert(is_aligned(offset_bytes, size_bytes));
	switch (size_bytes) {
	case 1: *(volatile uint8_t *)at = (uint8_t)value; break;
	case 2: *(volatile uint16_t *)at = (uint16_t)value; break;
	case 4: *(volatile uint32_t *)at = (uint32_t)value; break;
	default: *(volatile uint64_t *)at = value;
	}
	window_close(&opening);
}

uint64_t window_load(pfn_t frame, uint64_t offset_bytes)
{
	struct opening opening = window_open();
	const char *page = window_map(&opening, frame, 0);
	uint64_t value = *(const volatile uint64_t *)(page + offset_bytes);

	window_close(&opening);
	return value;
}

static bool is_zero(const uint64_t *page)
{
	for (const uint64_t *at = page; at < page + PAGE_SIZE / sizeof(*page); at += 8) {
		if (at[0] | at[1] | at[2] | at[3] | at[4] | at[5] | at[6] | at[7]) {
			return false;
		}
	}
	return true;
}

unsigned window_find_nonzero(const pfn_t *frames_to_read, unsigned nr)
{
	struct opening opening = window_open();
	unsigned found = 0;

	assert(nr <= WINDOW_PAGES);
	for (unsigned i = 0; i < nr; i++) {
		(void)window_map(&opening, frames_to_read[i], 0);
	}
	while (found < nr && is_zero(page_address(found))) {
		found++;
	}
	window_close(&opening);
	return found;
}

status_t window_hold(pfn_t frame, status_t (*wait)(void))
{
	struct opening opening;
	status_t status;

	/* what is loaded when it closes must be in use still */
	if (!current_root_is_loaded()) {
		as_tlb_settle();
	}
	opening = window_open();
	(void)window_map(&opening, frame, PTE_WRITABLE);
	status = wait();
	/* it may have used the local APIC, which leaves the window */
	if (gate_in_force != ptprot_off) {
		(void)root_load(opening.cpu);
	}
	window_close(&opening);
	return status;
}
