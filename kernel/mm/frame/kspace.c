/* Kernel stacks in slots of 32 KiB, upper half mapped; device registers one after the other, a
 * guard page behind each. */
#include "mm/frame/kspace.h"

#include "core/lock.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

static_assert(SLOT_BYTES == MARKED_BYTES, "a slot has a page of marks");
#define DEVICES_OFFSET (KSPACE_SIZE / 2)
enum {
	PAGES_PER_STACK = KSTACK_SIZE / PAGE_SIZE,
	CACHE_MAX = 32,
	RELEASE_MAX = CACHE_MAX / 2,         /* stacks that share a flush */
	RESTING = KASAN ? CACHE_MAX / 4 : 0, /* that are not handed out while others can be had */
};

RO_AFTER_INIT uint64_t kspace_base = KSPACE_LOWEST;

static struct lock lock = LOCK_INIT("kspace", RANK_kspace);
/* Guarded by lock. */
static va_t cache[CACHE_MAX]; /* mapped and scrubbed */
static unsigned nr_cached;
static uint64_t slot_used[NR_SLOTS / 64];     /* bitmap */
static uint64_t device_next = DEVICES_OFFSET; /* offset of the next device's registers */

/* Written while booting. */
static RO_AFTER_INIT struct device {
	uint64_t start, nr_pages;
	pfn_t first;
	uint64_t flags;
} devices[DEVICES_MAX];
static RO_AFTER_INIT unsigned nr_devices;

static va_t slot_stack(unsigned slot)
{
	return (va_t){ kspace_base + slot * SLOT_BYTES + KSTACK_SIZE };
}

/* Caller holds the lock. NR_SLOTS: all taken. */
static unsigned slot_take(void)
{
	assert(lock_is_held(&lock));
	for (unsigned word = 0; word < ARRAY_SIZE(slot_used); word++) {
		if (~slot_used[word]) {
			unsigned bit = (unsigned)__builtin_ctzl(~slot_used[word]);

			if (word * 64 + bit >= nr_kstacks) {
				return NR_SLOTS;
			}
			slot_used[word] |= 1ul << bit;
			return word * 64 + bit;
		}
	}
	return NR_SLOTS;
}

/* Takes the first nr pages of a stack out of the kernel half. */
static void stack_unmap(va_t base, unsigned nr, pfn_t *taken)
{
	for (unsigned i = 0; i < nr; i++) {
		pte_t *entry = ptable_entry(kernel_root, base.va + i * PAGE_SIZE, 1);

		taken[i] = pte_frame(pte_read(entry));
		pte_write(entry, PTE_NONE);
	}
}

/* Flushes. Frees frames that were unmapped. */
static void free_unmapped(const pfn_t *taken, unsigned nr)
{
	ktlb_wait(ktlb_downgrade());
	for (unsigned i = 0; i < nr; i++) {
		frame_free_kernel(taken[i], 0);
	}
}

static status_t stack_map(va_t base)
{
	pfn_t taken[PAGES_PER_STACK];
	status_t status = marks_cover(base.va - KSTACK_SIZE, base.va + KSTACK_SIZE);

	for (unsigned i = 0; i < PAGES_PER_STACK && status == STATUS_OK; i++) {
		pfn_t frame;

		status = frame_alloc_zeroed(OWNER_KERNEL, 0, &frame);

		if (status == STATUS_OK) {
			status = ptable_map_kernel(base.va + i * PAGE_SIZE, frame,
						   PTE_WRITABLE | ptable_nx());
			if (status) {
				frame_free_kernel(frame, 0);
			} else {
				frame_set_place(frame, base.va + i * PAGE_SIZE);
			}
		}
		if (status) {
			stack_unmap(base, i, taken);
			free_unmapped(taken, i);
		}
	}
	if (status) {
		marks_uncover(base.va - KSTACK_SIZE, base.va + KSTACK_SIZE);
	}
	return status;
}

/* Caller holds the lock. False: none is kept. BUILD=kasan: the one that was freed first. */
static bool cache_take_one(unsigned resting, va_t *base)
{
	assert(lock_is_held(&lock));
	if (nr_cached <= resting) {
		return false;
	}
	nr_cached--;
	*base = cache[KASAN ? 0 : nr_cached];
	if (KASAN) {
		memmove(&cache[0], &cache[1], nr_cached * sizeof(cache[0]));
	}
	return true;
}

/* Caller holds the lock. */
static status_t slot_map(va_t *base)
{
	unsigned slot = slot_take();
	status_t status = slot == NR_SLOTS ? STATUS_ENOMEM : stack_map(slot_stack(slot));

	assert(lock_is_held(&lock));
	if (status == STATUS_OK) {
		*base = slot_stack(slot);
	} else if (slot != NR_SLOTS) {
		slot_used[slot / 64] &= ~(1ul << slot % 64);
	}
	return status;
}

status_t kstack_alloc(va_t *base)
{
	status_t status = STATUS_OK;

	if (allocation_should_fail() || !frame_kernel_is_allowed()) {
		return STATUS_ENOMEM;
	}
	lock_acquire(&lock);
	if (!cache_take_one(RESTING, base)) {
		status = slot_map(base);
		if (status && cache_take_one(0, base)) {
			status = STATUS_OK;
		}
	}
	lock_release(&lock);
	if (status == STATUS_OK) {
		unmark((void *)base->va, KSTACK_SIZE);
	}
	return status;
}

/* Caller holds the lock. Takes stacks out of the cache, RELEASE_MAX at most: how many. */
static unsigned cache_take(va_t *stacks)
{
	unsigned nr = nr_cached < RELEASE_MAX ? nr_cached : RELEASE_MAX;

	assert(lock_is_held(&lock));
	nr_cached -= nr;
	memcpy(stacks, &cache[nr_cached], nr * sizeof(*stacks));
	return nr;
}

/*
 * One flush for all of them, and no lock is held while others are waited for: until their bits are
 * cleared the slots are the caller's.
 */
static void stacks_release(const va_t *stacks, unsigned nr)
{
	enum { FRAMES_PER_SLOT = PAGES_PER_STACK + KASAN };
	pfn_t taken[RELEASE_MAX * FRAMES_PER_SLOT];

	for (unsigned i = 0; i < nr; i++) {
		pfn_t *of_slot = &taken[i * FRAMES_PER_SLOT];

		stack_unmap(stacks[i], PAGES_PER_STACK, of_slot);
		if (KASAN) {
			of_slot[PAGES_PER_STACK] = marks_take(stacks[i].va);
		}
	}
	free_unmapped(taken, nr * FRAMES_PER_SLOT);
	lock_acquire(&lock);
	for (unsigned i = 0; i < nr; i++) {
		unsigned slot = kstack_slot(stacks[i]);

		slot_used[slot / 64] &= ~(1ul << slot % 64);
	}
	lock_release(&lock);
}

bool kstack_trim_some(void)
{
	va_t stacks[RELEASE_MAX];
	unsigned nr;

	lock_acquire(&lock);
	nr = cache_take(stacks);
	lock_release(&lock);
	if (nr) {
		stacks_release(stacks, nr);
	}
	return nr;
}

bool kstack_trim(void)
{
	bool trimmed = false;

	while (kstack_trim_some()) {
		trimmed = true;
	}
	return trimmed;
}

void kstack_free(va_t base)
{
	va_t stacks[RELEASE_MAX];
	unsigned nr = 0;

	mark_check((void *)base.va, 1, TOUCH_FREE);
	unmark((void *)base.va, KSTACK_SIZE);
	memset((void *)base.va, 0, KSTACK_SIZE);
	if (KASAN) {
		marks_forget_stack(base);
	}
	mark((void *)base.va, KSTACK_SIZE, MARK_STACK_FREED);
	lock_acquire(&lock);
	if (nr_cached == CACHE_MAX) {
		nr = cache_take(stacks);
	}
	cache[nr_cached++] = base;
	lock_release(&lock);
	if (nr) {
		stacks_release(stacks, nr);
	}
}

bool kstack_of(va_t address, va_t *base)
{
	uint64_t offset = address.va - kspace_base;

	*base = (va_t){ address.va - offset % SLOT_BYTES + KSTACK_SIZE };
	return offset < NR_SLOTS * SLOT_BYTES && offset % SLOT_BYTES >= KSTACK_SIZE;
}

bool kstack_is_guard(va_t address)
{
	uint64_t offset = address.va - kspace_base;

	return offset < NR_SLOTS * SLOT_BYTES && offset % SLOT_BYTES < KSTACK_SIZE;
}

bool kspace_device_at(uint64_t address, pte_t *out)
{
	for (unsigned i = 0; i < nr_devices; i++) {
		uint64_t page = (address - devices[i].start) >> PAGE_SHIFT;

		if (address >= devices[i].start && page < devices[i].nr_pages) {
			*out = pte_make(pfn_add(devices[i].first, (uint32_t)page),
					devices[i].flags);
			return true;
		}
	}
	return false;
}

uint64_t kspace_nr_device_pages(void)
{
	uint64_t nr = 0;

	for (unsigned i = 0; i < nr_devices; i++) {
		nr += devices[i].nr_pages;
	}
	return nr;
}

/* Addresses for nr pages and a guard page behind them. */
static status_t range_take(uint64_t nr_pages, uint64_t *out)
{
	if (nr_pages >= (FRAME_TABLE_OFFSET - device_next) >> PAGE_SHIFT) {
		return STATUS_ENOMEM;
	}
	*out = kspace_base + device_next;
	device_next += (nr_pages + 1) << PAGE_SHIFT;
	return marks_cover(*out, *out + (nr_pages << PAGE_SHIFT));
}

status_t kspace_map_sealed(pfn_t first, uint32_t nr, va_t *out)
{
	status_t status = range_take(nr, &out->va);

	for (uint32_t i = 0; i < nr && status == STATUS_OK; i++) {
		uint64_t at = out->va + i * (uint64_t)PAGE_SIZE;

		status = ptable_map_kernel(at, pfn_add(first, i), ptable_nx());
		frame_set_place(pfn_add(first, i), at);
	}
	if (status == STATUS_OK) {
		frames_seal_alone(first, nr);
		ktlb_wait(ktlb_downgrade());
	}
	return status;
}

status_t ioremap(pa_t pa, uint64_t len_bytes, enum device_cache how, va_t *out)
{
	uint64_t first = align_down(pa.pa, PAGE_SIZE), end = align_up(pa.pa + len_bytes, PAGE_SIZE);
	uint64_t flags = PTE_PRESENT | PTE_WRITABLE | ptable_nx() |
			 (how == DEVICE_UNCACHED ? PTE_CACHE_DISABLE | PTE_WRITE_THROUGH : 0);
	uint64_t nr_pages = (end - first) >> PAGE_SHIFT, at;
	status_t status = end < first || nr_devices == DEVICES_MAX ? STATUS_ENOMEM
								   : range_take(nr_pages, &at);

	for (uint64_t page = first; page < end && status == STATUS_OK; page += PAGE_SIZE) {
		status = ptable_map_kernel(at + page - first, pa_to_pfn((pa_t){ page }), flags);
	}
	if (status) {
		return status;
	}
	devices[nr_devices++] = (struct device){ at, nr_pages, pa_to_pfn((pa_t){ first }), flags };
	*out = (va_t){ at + pa.pa - first };
	return STATUS_OK;
}

void device_unmap(va_t start)
{
	struct device *device = devices;

	while (device->start != start.va) {
		device++;
		assert(device < &devices[nr_devices]);
	}
	for (uint64_t page = 0; page < device->nr_pages; page++) {
		pte_write(ptable_entry(kernel_root, start.va + page * PAGE_SIZE, 1), PTE_NONE);
	}
	device->nr_pages = 0;
	ktlb_wait(ktlb_downgrade());
}
