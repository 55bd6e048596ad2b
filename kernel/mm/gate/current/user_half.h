/* In the gate: the root that a processor uses, and what its slots hold. What they mean:
 * mm/tlb/user_half.h. */
#pragma once

#include "mm/gate/current/half_hw.h"
#include "mm/gate/current/switch.h"
#include "mm/tlb/user_half.h"

/* The root is in use from now on, as far as others see; and another, perhaps, as long as CR3 has
 * it. Full barrier. */
static inline void half_name(struct current *own, uint64_t root)
{
	(void)tlb_hw_exchange(&own->roots, root | half_hw_cr3() >> PAGE_SHIFT << 32);
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

/* From now on this slot is that of the root in use. */
static inline void half_use(struct current *own, uint64_t root, uint64_t slot)
{
	uint64_t cr3 = root << PAGE_SHIFT | half_bits.of_slot[slot];

	__atomic_store_n(&own->slot, (uint32_t)slot, __ATOMIC_RELAXED);
	own->kernel_cr3.value = cr3;
	own->exit_cr3.value = cr3 | half_bits.of_user;
}

/*
 * half_name; and is this slot the root's, does it hold nothing older, and does the way out load
 * what is in use? Mostly: then half_use is all that is left to do.
 */
static inline __attribute__((always_inline)) bool half_find(struct current *own, uint64_t root,
							    uint64_t slot)
{
	uint32_t generation;
	uint64_t word;

	if (UNLIKELY(slot >= own->nr_later)) {
		return false;
	}
	half_name(own, root);
	/* before the slot: slots forget a root, and then its generations begin anew */
	generation = tlb_hw_generation((uint32_t)root);
	word = tlb_hw_read(&own->slots[slot].word);
	return half_root(word) == (uint32_t)root && word >> 32 == generation;
}

/*
 * What CR3 gets for it: with the PCIDs of its slot, which are flushed if they hold anything older,
 * or another's. It is loaded at once if they are; or with SWITCH_LOAD; or if the way out loads
 * none. Else what is loaded stays: the kernel half is the same in all roots, the way out loads the
 * new one's shadow root, and the next way in makes its kernel root of that, with NOFLUSH.
 *
 * how: enum switch_how. Returns SWITCH_LOADED and SWITCH_FLUSHED.
 */
unsigned half_load(struct current *own, uint32_t root, unsigned how);
/* How many slots half_find may find; whenever the way out may have changed. */
void half_look_out(struct current *own);
/* The kernel's own. */
unsigned half_load_none(struct current *own, cr3_t boot);

/* All that this processor has, if the root is in use here, and loaded; else nothing. */
void half_flush(struct current *own, uint32_t root);
/* Nobody has the root's translations in a slot any more that counts as its. */
void half_forget(uint32_t root);
/* Boot: PCIDs are on, or will not be. */
void half_begin(void);
