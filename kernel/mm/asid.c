/* Chooses PCIDs and decides what a CR3 load may keep. */
#include "mm/asid.h"

#include "lib/assert.h"
#include "mm/tlb_hw.h"

static RO_AFTER_INIT pa_t boot_root;

void asid_set_boot_root(pa_t root) { boot_root = root; }

static pcid_t kernel_pcid(const struct tlb_cpu *cpu)
{
	return (pcid_t){ (uint16_t)(PCID_SLOT_FIRST + cpu->slot) };
}

static pcid_t user_pcid(const struct tlb_cpu *cpu)
{
	return (pcid_t){ kernel_pcid(cpu).pcid | PCID_USER_BIT };
}

static pa_t shadow_root(const struct as_tlb *tlb) { return (pa_t){ tlb->root.pa + PAGE_SIZE }; }

static bool is_user_stale(const struct tlb_cpu *cpu)
{
	return tlb_hw_has_pcid() && !cr3_is_noflush(cpu->exit_cr3);
}

static void user_defer_flush(struct tlb_cpu *cpu)
{
	cpu->exit_cr3.value &= ~CR3_NOFLUSH;
	tlb_hw_note_debt();
}

/* What is left to flush of the slot that stops being current: only exit_cr3 knew. */
static void slot_put_back(struct tlb_cpu *cpu)
{
	if (cpu->as) {
		cpu->slots[cpu->slot].user_stale = is_user_stale(cpu);
	}
}

/* The address space's slot; if it has none, the next one in turn, made its own and stale. */
static __attribute__((noinline)) uint32_t slot_search(struct tlb_cpu *cpu, uint64_t as_id)
{
	uint32_t slot;

	for (slot = 0; slot < NR_ASIDS; slot++) {
		if (cpu->slots[slot].as_id == as_id) {
			return slot;
		}
	}
	/* another processor may have changed it, and must not have this write elsewhere */
	slot = __atomic_load_n(&cpu->slot_next, __ATOMIC_RELAXED);
	slot = slot < NR_ASIDS ? slot : 0;
	cpu->slot_next = (slot + 1) % NR_ASIDS;
	cpu->slots[slot] =
		(struct asid_slot){ .as_id = as_id, .generation = 0, .user_stale = true };
	return slot;
}

/*
 * As a rule all CPUs choose alike: processes that take turns keep their slots. Whether the slot is
 * this address space's, the id alone says.
 */
static uint32_t slot_of(struct tlb_cpu *cpu, struct as_tlb *tlb)
{
	uint32_t slot = __atomic_load_n(&tlb->slot, __ATOMIC_RELAXED);

	if (UNLIKELY(cpu->slots[slot].as_id != tlb->id)) {
		slot = slot_search(cpu, tlb->id);
		__atomic_store_n(&tlb->slot, slot, __ATOMIC_RELAXED);
	}
	return slot;
}

/* The kernel PCID is flushed by the load that follows, the user PCID by the exit path's. */
cr3_t asid_select(struct tlb_cpu *cpu, struct as_tlb *tlb, uint64_t generation)
{
	struct asid_slot *slot;
	bool is_fresh;

	slot_put_back(cpu);
	if (!tlb) {
		cpu->kernel_cr3 = cpu->exit_cr3 =
			cr3_noflush(cr3_make(boot_root, (pcid_t){ PCID_BOOT }));
		return cpu->kernel_cr3;
	}
	cpu->slot = slot_of(cpu, tlb);
	slot = &cpu->slots[cpu->slot];
	is_fresh = slot->generation == generation;
	slot->generation = generation;
	cpu->kernel_cr3 = cr3_noflush(cr3_make(tlb->root, kernel_pcid(cpu)));
	cpu->exit_cr3 = cr3_make(shadow_root(tlb), user_pcid(cpu));
	if (is_fresh && !slot->user_stale) {
		cpu->exit_cr3 = cr3_noflush(cpu->exit_cr3);
	} else {
		tlb_hw_note_debt();
	}
	return is_fresh ? cpu->kernel_cr3 : cr3_make(tlb->root, kernel_pcid(cpu));
}

void asid_flush(struct tlb_cpu *cpu, uint64_t generation)
{
	tlb_hw_flush_pcid(kernel_pcid(cpu));
	user_defer_flush(cpu);
	cpu->slots[cpu->slot].generation = generation;
	tlb_hw_note_generation(kernel_pcid(cpu), generation);
}

/* The loaded PCID is the kernel's; the user's needs INVPCID, or waits for the way out. */
static void flush_page(struct tlb_cpu *cpu, uint64_t page)
{
	tlb_hw_flush_page(page);
	if (tlb_hw_has_pcid() && tlb_hw_has_invpcid()) {
		tlb_hw_flush_page_of(user_pcid(cpu), page);
	} else {
		user_defer_flush(cpu);
	}
}

bool asid_flush_pages(struct tlb_cpu *cpu, struct tlb_batch pages, uint64_t generation)
{
	if (cpu->slots[cpu->slot].generation != generation - 1 || !tlb_batch_is_small(&pages)) {
		return false;
	}
	for (uint64_t page = pages.start; page < pages.end; page += PAGE_SIZE) {
		flush_page(cpu, page);
	}
	cpu->slots[cpu->slot].generation = generation;
	tlb_hw_note_generation(kernel_pcid(cpu), generation);
	tlb_hw_note_generation(user_pcid(cpu), generation);
	return true;
}

void asid_note_flush_all(struct tlb_cpu *cpu)
{
	for (unsigned slot = 0; slot < NR_ASIDS; slot++) {
		cpu->slots[slot].user_stale = false;
	}
	cpu->exit_cr3 = cr3_noflush(cpu->exit_cr3);
}

uint64_t asid_generation(const struct tlb_cpu *cpu) { return cpu->slots[cpu->slot].generation; }

void asid_check_exit(const struct tlb_cpu *cpu)
{
	if (cpu->as) {
		tlb_hw_note_exit(cpu->exit_cr3, asid_generation(cpu));
	}
}
