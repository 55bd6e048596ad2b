/* In the gate: generations of user halves, and the root that a processor uses. */
#include "mm/gate/current/user_half.h"

#include "core/cpu.h"
#include "mm/gate/current/switch.h"
#include "mm/table/ptable.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/tlb_hw.h"

RO_AFTER_INIT struct half_bits half_bits;

void half_begin(void)
{
	for (unsigned slot = 0; slot < NR_ASIDS; slot++) {
		half_bits.of_slot[slot] = pcid_is_on ? CR3_NOFLUSH | (PCID_SLOT_FIRST + slot) : 0;
	}
	half_bits.of_user = pcid_is_on ? PAGE_SIZE | PCID_USER_BIT : PAGE_SIZE;
}

void half_forget(uint32_t root)
{
	for (unsigned cpu = 0; cpu < tlb_hw_nr_cpus(); cpu++) {
		struct current *current = half_hw_writable(tlb_hw_current_of(cpu));

		for (unsigned slot = 0; slot < NR_ASIDS; slot++) {
			half_hw_forget(&current->slots[slot], root);
		}
	}
}

/* After as many as there are the first comes again, of which there may be a slot still; and who
 * loads it meanwhile may write the last one (load_flushing). */
void half_raise(uint32_t root)
{
	bool is_last = UNLIKELY(tlb_hw_generation(root) == UINT32_MAX);

	if (is_last) {
		half_forget(root);
	}
	half_hw_raise(root);
	if (is_last) {
		half_forget(root);
	}
}

bool half_is_complete(uint32_t root)
{
	uint32_t generation = tlb_hw_generation(root);
	bool any_lags = false;

	for (unsigned cpu = 0; !any_lags && cpu < tlb_hw_nr_cpus(); cpu++) {
		any_lags = half_lags(tlb_hw_current_of(cpu), root, generation);
	}
	return !any_lags;
}

static pcid_t kernel_pcid(unsigned slot) { return (pcid_t){ (uint16_t)(PCID_SLOT_FIRST + slot) }; }
static pcid_t user_pcid(unsigned slot)
{
	return (pcid_t){ kernel_pcid(slot).pcid | PCID_USER_BIT };
}

bool half_flush_pages(struct current *own, uint32_t root, struct tlb_batch pages)
{
	tlb_word_t *slot = &own->slots[own->slot].word;
	uint32_t generation = tlb_hw_generation(root);

	if (tlb_hw_read(slot) != half_word(root, generation - 1) || !tlb_batch_is_small(&pages) ||
	    !half_hw_can_flush_pages()) {
		return false;
	}
	for (uint64_t page = pages.start; page < pages.end; page += PAGE_SIZE) {
		half_hw_flush_page_of(kernel_pcid(own->slot), page);
		if (tlb_hw_has_pcid()) {
			half_hw_flush_page_of(user_pcid(own->slot), page);
		}
	}
	tlb_hw_write(slot, half_word(root, generation));
	return true;
}

void half_flush(struct current *own, uint32_t root)
{
	uint64_t fresh = half_word(root, tlb_hw_generation(root));

	if (half_root(tlb_hw_read(&own->roots)) != root) {
		return;
	}
	half_hw_flush_pcid(kernel_pcid(own->slot));
	if (tlb_hw_has_pcid()) {
		half_hw_flush_pcid(user_pcid(own->slot));
	}
	tlb_hw_write(&own->slots[own->slot].word, fresh);
}

/* The root that was left has gone from CR3. */
static void leave_none(struct current *own, uint32_t root)
{
	tlb_hw_write(&own->roots, half_word(root, 0));
}

/* Outside the gate the private window is open: its root, which has no user half, stays loaded. When
 * it closes the one in use is loaded again (window.c). */
static bool is_in_window(const struct current *own)
{
	uint32_t root = pa_to_pfn(cr3_root((cr3_t){ half_hw_cr3() })).pfn;
	uint64_t roots = tlb_hw_read(&own->roots);

	return root != half_root(roots) && root != half_left(roots);
}

/* The slot says so after the flush alone, as others go by that. */
static unsigned load_flushing(struct current *own, uint64_t fresh)
{
	unsigned slot = own->slot;

	if (tlb_hw_has_pcid()) {
		half_hw_flush_pcid(user_pcid(slot));
	}
	if (UNLIKELY(is_in_window(own))) {
		half_hw_flush_pcid(kernel_pcid(slot));
	} else {
		half_hw_load(cr3_flushing(own->kernel_cr3));
	}
	(void)tlb_hw_exchange(&own->slots[slot].word, fresh);
	/* a full barrier before this look: no slot has a generation that is over for good */
	if (UNLIKELY(tlb_hw_generation(half_root(fresh)) != fresh >> 32)) {
		tlb_hw_write(&own->slots[slot].word, 0);
	}
	leave_none(own, half_root(fresh));
	return SWITCH_LOADED | SWITCH_FLUSHED;
}

static unsigned load_now(struct current *own, uint32_t root)
{
	/* the ways out and in have loaded it, maybe */
	bool is_loaded =
		half_hw_cr3() == (own->kernel_cr3.value & ~CR3_NOFLUSH) || is_in_window(own);

	if (!is_loaded) {
		half_hw_load(own->kernel_cr3);
	}
	leave_none(own, root);
	return is_loaded ? 0 : SWITCH_LOADED;
}

/* The root's, or one that is nobody's, or that whose turn it is. No root has two. In that of the
 * root that was in use before there may be no root by now: half_forget. */
static unsigned slot_for(const struct current *own, uint32_t root)
{
	unsigned found = (own->slot + 1) % NR_ASIDS;

	if (pa_to_pfn(cr3_root(own->kernel_cr3)).pfn == root) {
		return own->slot;
	}
	for (unsigned slot = NR_ASIDS; slot-- > 0;) {
		uint32_t its = half_root(tlb_hw_read(&own->slots[slot].word));

		if (its == root) {
			return slot;
		}
		found = its ? found : slot;
	}
	return found;
}

void half_look_out(struct current *own) { own->nr_later = half_hw_exit_loads() ? NR_ASIDS : 0; }

unsigned half_load(struct current *own, uint32_t root, unsigned how)
{
	uint64_t fresh = half_word(root, tlb_hw_generation(root));
	unsigned slot = slot_for(own, root);

	half_use(own, root, slot);
	if (tlb_hw_read(&own->slots[slot].word) != fresh) {
		return load_flushing(own, fresh);
	}
	return own->nr_later && !(how & SWITCH_LOAD) ? 0 : load_now(own, root);
}

unsigned half_load_none(struct current *own, cr3_t boot)
{
	own->kernel_cr3 = boot;
	own->exit_cr3 = half_exit_of(boot);
	return load_now(own, half_root(tlb_hw_read(&own->roots)));
}
