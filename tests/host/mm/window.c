/* The private window: works on RAM, and looks at what it is asked to do. */
#include "mm/frame/window.h"

#include <string.h>

#include "mm/frame/frame.h"
#include "mm/machine.h"
#include "mm/user_tlb.h"

uint64_t machine_nr_stores;
bool machine_is_forking;

/* What the window may touch: frames of user space and of pools, dying ones included; and free ones
 * that are hidden and that nobody can reach any more. */
static void target_check(pfn_t frame)
{
	enum owner owner = pfn_is_valid(frame) ? frame_entry(frame)->owner : NR_OWNERS;

	if (owner == OWNER_FREE && frame_entry(frame)->flags & FRAME_HIDDEN &&
	    !machine_is_stale(frame.pfn)) {
		return;
	}
	if (owner != OWNER_USER && owner != OWNER_POOL) {
		machine_die("window on frame %u of %s", frame.pfn, owner_name(owner));
	}
}

void window_zero(const pfn_t *to_zero, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		target_check(to_zero[i]);
		user_tlb_assert_unused(to_zero[i], 1);
		memset(machine_ram(to_zero[i]), 0, PAGE_SIZE);
	}
}

void window_zero_range(pfn_t first, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		pfn_t frame = pfn_add(first, i);

		window_zero(&frame, 1);
	}
}

void window_copy(pfn_t to, pfn_t from, unsigned order)
{
	user_tlb_assert_unused(to, 1u << order);
	if (!machine_is_forking) {
		user_tlb_assert_not_writable(from, 1u << order);
	}
	for (uint32_t i = 0; i < 1u << order; i++) {
		target_check(pfn_add(to, i));
		target_check(pfn_add(from, i));
	}
	memcpy(machine_ram(to), machine_ram(from), (size_t)PAGE_SIZE << order);
}

void window_write(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, const void *from,
		  uint64_t len_bytes)
{
	if (nr == 0 || nr > WINDOW_PAGES || offset_bytes + len_bytes > (uint64_t)nr * PAGE_SIZE) {
		machine_die("window: %u frames for %lu bytes at %lu", nr, len_bytes, offset_bytes);
	}
	for (uint64_t i = 0; i < len_bytes; i++) {
		uint64_t at = offset_bytes + i;

		if (i == 0 || at % PAGE_SIZE == 0) {
			target_check(targets[at / PAGE_SIZE]);
		}
		((char *)machine_ram(targets[at / PAGE_SIZE]))[at % PAGE_SIZE] =
			((const char *)from)[i];
	}
}

void window_set(const pfn_t *targets, unsigned nr, uint64_t offset_bytes, int byte,
		uint64_t len_bytes)
{
	for (uint64_t i = 0; i < len_bytes; i++) {
		uint8_t value = (uint8_t)byte;

		window_write(targets, nr, offset_bytes + i, &value, 1);
	}
}

void window_store(pfn_t frame, uint64_t offset_bytes, uint64_t value, unsigned size_bytes)
{
	if (offset_bytes % size_bytes || size_bytes > sizeof(value)) {
		machine_die("window: a store of %u bytes at %lu", size_bytes, offset_bytes);
	}
	machine_nr_stores++;
	window_write(&frame, 1, offset_bytes, &value, size_bytes);
}
