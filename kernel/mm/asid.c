/* Chooses PCIDs and decides what a CR3 load may keep. */
#include "mm/asid.h"

#include "lib/assert.h"
#include "mm/tlb_hw.h"

static pcid_t kernel_pcid(const struct tlb_cpu *cpu)
{
	return (pcid_t){ (uint16_t)(PCID_SLOT_FIRST + cpu->slot) };
}

static pcid_t user_pcid(const struct tlb_cpu *cpu)
{
	return (pcid_t){ kernel_pcid(cpu).pcid | PCID_USER_BIT };
}

static bool is_of(const struct tlb_cpu *cpu, uint32_t slot, uint64_t as_id)
{
	return tlb_hw_read(&cpu->slots[slot].as_id) == as_id;
}

/*
 * The address space's slot; if it has none, the next one in turn, made its own and stale: no
 * address space has generation 0. In this order, as others look: asid_has_seen.
 */
static uint32_t slot_search(struct tlb_cpu *cpu, uint64_t as_id)
{
	uint32_t slot;

	for (slot = 0; slot < NR_ASIDS; slot++) {
		if (is_of(cpu, slot, as_id)) {
			return slot;
		}
	}
	/* ordinary memory: whoever stores to it must not have this write elsewhere */
	slot = __atomic_load_n(&cpu->slot_next, __ATOMIC_RELAXED);
	slot = slot < NR_ASIDS ? slot : 0;
	cpu->slot_next = (slot + 1) % NR_ASIDS;
	tlb_hw_write(&cpu->slots[slot].generation, 0);
	tlb_hw_write(&cpu->slots[slot].as_id, as_id);
	return slot;
}

/* Every slot has one address space at a time, and no id comes back: what is read between two looks
 * at the id is this one's. */
bool asid_has_seen(const struct tlb_cpu *cpu, const struct as_tlb *tlb, uint64_t generation)
{
	for (uint32_t slot = 0; slot < NR_ASIDS; slot++) {
		if (is_of(cpu, slot, tlb->id) &&
		    tlb_hw_read(&cpu->slots[slot].generation) >= generation) {
			return is_of(cpu, slot, tlb->id);
		}
	}
	return false;
}

/* After the flush. */
void asid_raise(struct tlb_cpu *cpu, uint64_t generation)
{
	tlb_hw_write(&cpu->slots[cpu->slot].generation, generation);
}

unsigned asid_select(struct tlb_cpu *cpu, struct as_tlb *tlb, uint64_t generation)
{
	cpu->slot = slot_search(cpu, tlb->id);
	__atomic_store_n(&tlb->slot, cpu->slot, __ATOMIC_RELAXED);
	if (asid_generation(cpu) == generation) {
		return cpu->slot;
	}
	return cpu->slot | SWITCH_FLUSH;
}

void asid_flush(struct tlb_cpu *cpu, uint64_t generation)
{
	tlb_hw_flush_pcid(kernel_pcid(cpu));
	if (tlb_hw_has_pcid() && tlb_hw_has_invpcid()) {
		tlb_hw_flush_pcid(user_pcid(cpu));
	}
	asid_raise(cpu, generation);
	tlb_hw_note_generation(kernel_pcid(cpu), generation);
}

/* The loaded PCID is the kernel's; the user's needs INVPCID. */
static bool can_flush_pages(void) { return !tlb_hw_has_pcid() || tlb_hw_has_invpcid(); }

static void flush_page(const struct tlb_cpu *cpu, uint64_t page)
{
	tlb_hw_flush_page(page);
	if (tlb_hw_has_pcid()) {
		tlb_hw_flush_page_of(user_pcid(cpu), page);
	}
}

bool asid_flush_pages(struct tlb_cpu *cpu, struct tlb_batch pages, uint64_t generation)
{
	if (asid_generation(cpu) != generation - 1 || !can_flush_pages() ||
	    !tlb_batch_is_small(&pages)) {
		return false;
	}
	for (uint64_t page = pages.start; page < pages.end; page += PAGE_SIZE) {
		flush_page(cpu, page);
	}
	asid_raise(cpu, generation);
	tlb_hw_note_generation(kernel_pcid(cpu), generation);
	tlb_hw_note_generation(user_pcid(cpu), generation);
	return true;
}

void asid_check_exit(const struct tlb_cpu *cpu)
{
	if (cpu->as) {
		tlb_hw_note_exit(asid_generation(cpu));
	}
}
