/*
 * What user mode's roots show. Every shadow root has the user half of its kernel root and, of the
 * kernel, one top-level entry that all of them share: the entry area. That is walked once: only
 * parts of entry_area.h, in frames that belong to ENTRY, and in all their bytes, at any offset, no
 * address that would tell where the kernel lies.
 */
#include "arch/x86_64/entry_area.h"
#include "arch/x86_64/entry_set.h"
#include "core/cpu.h"
#include "lib/string.h"
#include "mm/audit_walk.h"
#include "mm/direct_map.h"
#include "mm/entry_area.h"
#include "mm/layout.h"
#include "mm/policy.h"
#include "mm/ptable.h"

void audit_shadow_root(struct audit *audit, pfn_t kernel_root_of_pair)
{
	const pte_t *kernel = direct_map_pointer(kernel_root_of_pair),
		    *shadow = kernel + PTES_PER_TABLE;
	const pte_t *template = direct_map_pointer(entry_shadow_template());

	audit->result->nr_tables++;
	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		uint64_t expected = template[i].value;

		if (i < PTES_PER_TABLE / 2) {
			expected = kernel[i].value & ~ptable_user_slot_flags;
		}
		if ((shadow[i].value ^ expected) & ~(uint64_t)PTE_ACCESSED) {
			audit_violation(audit,
					"shadow root at frame %#x: slot %u is %#lx, not %#lx",
					kernel_root_of_pair.pfn + 1, i, shadow[i].value, expected);
		}
		if (i < PTES_PER_TABLE / 2 && pte_is_present(kernel[i]) &&
		    (kernel[i].value & PTE_NO_EXECUTE) != ptable_user_slot_flags) {
			audit_violation(audit,
					"kernel root at frame %#x: slot %u of the user half "
					"has the wrong NX",
					kernel_root_of_pair.pfn, i);
		}
	}
}

static bool is_in(uint64_t offset, uint64_t start, uint64_t nr_pages)
{
	return offset - start < nr_pages * PAGE_SIZE;
}

static bool is_part(uint64_t offset)
{
	for (unsigned i = 0; i < NR_ENTRY_PARTS; i++) {
		if (is_in(offset, entry_parts[i].offset, entry_parts[i].nr_pages)) {
			return !entry_parts[i].kernel_only;
		}
	}
	return false;
}

/* May shadow roots show this page of the entry area? */
static bool is_allowed(uint64_t address)
{
	uint64_t offset = address - ENTRY_AREA_BASE;

	if (offset >= ENTRY_CPU_OFFSET) {
		offset -= ENTRY_CPU_OFFSET;
		return offset / ENTRY_CPU_STRIDE < NR_CPUS_MAX &&
		       is_part(offset % ENTRY_CPU_STRIDE);
	}
	return is_in(offset, ENTRY_IDT_OFFSET, NR_ENTRY_SETS) ||
	       is_in(offset, ENTRY_TEXT_OFFSET,
		     (uint64_t)(entry_text_end - entry_text_start) >> PAGE_SHIFT);
}

/* Would the word tell where the kernel is? */
static bool is_secret(uint64_t word)
{
	switch (policy_view_of(word)) {
	case VIEW_IMAGE:
	case VIEW_POOLS:
	case VIEW_KSPACE: return true;
	case VIEW_DIRECT_MAP: return pfn_is_valid(direct_map_frame((va_t){ word }));
	default: return false;
	}
}

/*
 * RSP is the one register that rests where every root can see it, in the frame that IRET used last
 * and during a system call: a program may have put there what it knows. That frame's RIP is where
 * the program runs, a user address; all other registers are wiped.
 */
enum { NR_STACK_WORDS = PAGE_SIZE / sizeof(uint64_t), FROM_TOP_RSP = 2 };

static void forget_user_rsp(uint64_t offset_in_part, uint64_t *words)
{
	if (offset_in_part == entry_parts[PART_ENTRY_PAGE].offset) {
		words[offsetof(struct cpu_entry, user_rsp) / sizeof(uint64_t)] = 0;
	}
	for (unsigned i = PART_ENTRY_STACK; i <= PART_DB_STACK; i++) {
		if (offset_in_part == entry_parts[i].offset) {
			words[NR_STACK_WORDS - FROM_TOP_RSP] = 0;
		}
	}
}

static void check_bytes(struct audit *audit, uint64_t address)
{
	static uint64_t page[NR_STACK_WORDS]; /* one audit at a time: the world is stopped */
	uint64_t offset = address - ENTRY_AREA_BASE;

	memcpy(page, (const void *)address, PAGE_SIZE);
	if (offset >= ENTRY_CPU_OFFSET) {
		forget_user_rsp((offset - ENTRY_CPU_OFFSET) % ENTRY_CPU_STRIDE, page);
	}
	for (uint64_t at = 0; at <= PAGE_SIZE - sizeof(uint64_t); at++) {
		uint64_t word;

		memcpy(&word, (const char *)page + at, sizeof(word));
		if (word >= KERNEL_HALF && is_secret(word)) {
			audit_violation(audit, "entry area: %#lx tells a kernel address, %#lx",
					address + at, word);
		}
	}
}

static void check_page(struct audit *audit, uint64_t address, pfn_t frame)
{
	if (!is_allowed(address)) {
		audit_violation(audit, "shadow roots show %#lx, which is no part for them",
				address);
	} else if (frame_entry(frame)->owner != OWNER_ENTRY) {
		audit_violation(audit, "shadow roots show frame %#x, which belongs to %s",
				frame.pfn, owner_name(frame_entry(frame)->owner));
	} else {
		check_bytes(audit, address);
	}
}

void audit_entry_area(struct audit *audit)
{
	pfn_t root = entry_shadow_template();
	uint64_t end = ENTRY_AREA_BASE + ENTRY_CPU_OFFSET + NR_CPUS_MAX * ENTRY_CPU_STRIDE;
	unsigned slot = level_index(ENTRY_AREA_BASE, LEVEL_MAX);

	audit->root_name = "shadow roots";
	audit_walk_slots(audit, root, slot, slot + 1);
	for (uint64_t at = ENTRY_AREA_BASE; at < end;) {
		pte_t pte = ptable_lookup(root, at, NULL);

		if (pte_is_present(pte)) {
			check_page(audit, at, pte_frame(pte));
		}
		at = ptable_skip(root, at);
	}
}
