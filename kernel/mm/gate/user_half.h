/* In the gate: the root that a processor uses, and what its slots hold. What they mean:
 * mm/user_half.h. */
#pragma once

#include "mm/gate/half_hw.h"
#include "mm/gate/switch.h"
#include "mm/user_half.h"

/* The root is in use from now on, as far as others see. Full barrier. Returns what was. */
static inline uint64_t half_name(struct current *own, uint32_t root)
{
	uint32_t loaded = pa_to_pfn(cr3_root((cr3_t){ half_hw_cr3() })).pfn;

	return tlb_hw_exchange(&own->roots, half_word(root, loaded == root ? 0 : loaded));
}

/* What CR3 has besides the root, by slot; and besides that, for the way out. */
extern struct half_bits {
	uint64_t of_slot[NR_ASIDS], of_user;
} half_bits;

/* For the way out of who is in no address space: the shadow root of the kernel's own. */
static inline cr3_t half_exit_of(cr3_t boot)
{
	return (cr3_t){ (boot.value & ~CR3_NOFLUSH) | half_bits.of_user };
}

/* Loads what own->kernel_cr3 is, and flushes the PCIDs of own->slot; or loads it, if it is not. */
unsigned half_load_flushing(struct current *own, uint64_t fresh);
unsigned half_load_now(struct current *own, uint32_t root);

/*
 * What CR3 gets for it: with the PCIDs of a slot, which are flushed if they hold anything else, or
 * older. It is loaded at once if they are; or with SWITCH_LOAD; or if the way out loads none. Else
 * what is loaded stays: the kernel half is the same in all roots, the way out loads the new one's
 * shadow root, and the next way in makes its kernel root of that, with NOFLUSH. The slot is in use
 * at once: if the root is loaded by another of its slots, none is newer than that (docs/tlb.md).
 * Returns SWITCH_LOADED and SWITCH_FLUSHED.
 */
static inline unsigned half_load(struct current *own, uint32_t root, unsigned how)
{
	unsigned slot = how & SWITCH_SLOT;
	uint64_t fresh = half_word(root, tlb_hw_generation(root));
	uint64_t cr3 = pfn_to_pa((pfn_t){ root }).pa | half_bits.of_slot[slot];

	own->slot = slot;
	own->kernel_cr3.value = cr3;
	own->exit_cr3.value = cr3 | half_bits.of_user;
	if (UNLIKELY(tlb_hw_read(&own->slots[slot].word) != fresh)) {
		return half_load_flushing(own, fresh);
	}
	if (LIKELY(half_left(tlb_hw_read(&own->roots)) && !(how & SWITCH_LOAD) &&
		   half_hw_exit_loads())) {
		return 0;
	}
	return half_load_now(own, root);
}
/* The kernel's own. */
unsigned half_load_none(struct current *own, cr3_t boot);

/* All that this processor has, if the root is in use here, and loaded; else nothing. */
void half_flush(struct current *own, uint32_t root);
/* Nobody has the root's translations in a slot any more that counts as its. */
void half_forget(uint32_t root);
/* Boot: PCIDs are on, or will not be. */
void half_begin(void);
