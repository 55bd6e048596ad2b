/*
 * What user mode's roots show. Every shadow root has the user half of its kernel root and, of the
 * kernel, one top-level entry that all of them share: the entry area. That is walked once for
 * kernel roots and once for shadow roots: each page is one of entry_area.def, shows the frame that
 * belongs there and has the rights that roots of that kind have. In all bytes that shadow roots
 * show, at any offset, is no address that would tell where the kernel lies.
 */
#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/entry/entry_set.h"
#include "core/cpu.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/table/entry_area.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/watch/audit_walk.h"

void audit_shadow_root(struct audit *audit, pfn_t kernel_root_of_pair)
{
	const pte_t *kernel = direct_map_pointer(kernel_root_of_pair),
		    *shadow = kernel + PTES_PER_TABLE;
	const pte_t *template = direct_map_pointer(entry_shadow_template());
	unsigned entry_slot = level_index(ENTRY_AREA_BASE, LEVEL_MAX);

	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		uint64_t expected = i == entry_slot ? template[i].value : 0;

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

static void forget_user_rsp(enum entry_part_id part, uint64_t *words)
{
	if (part == PART_ENTRY_PAGE) {
		words[offsetof(struct cpu_entry, user_rsp) / sizeof(uint64_t)] = 0;
	} else if ((part >= PART_ENTRY_STACK && part <= PART_DB_STACK) || part == PART_EXIT_STACK) {
		words[NR_STACK_WORDS - FROM_TOP_RSP] = 0;
	}
}

/* `bytes`: where the kernel sees what shadow roots show at the address. */
static void check_bytes(struct audit *audit, uint64_t address, const void *bytes,
			const struct entry_page *at_page)
{
	static uint64_t page[NR_STACK_WORDS]; /* one audit at a time: the world is stopped */

	if (!entry_area_is_as_filled(at_page, bytes)) {
		audit_violation(audit, "entry area: %s at %#lx, of CPU %u, not as boot filled them",
				entry_rules[at_page->part].text, address, at_page->cpu);
	}
	memcpy(page, bytes, PAGE_SIZE);
	forget_user_rsp(at_page->part, page);
	for (uint64_t at = 0; at <= PAGE_SIZE - sizeof(uint64_t); at++) {
		const uint8_t *place = (const uint8_t *)page + at;
		uint64_t word;

		if (place[sizeof(word) - 1] != KERNEL_HALF >> 56) {
			continue; /* most bytes: an address of the kernel does not end in them */
		}
		memcpy(&word, place, sizeof(word));
		if (word >= KERNEL_HALF && is_secret(word)) {
			audit_violation(audit, "entry area: %#lx tells a kernel address, %#lx",
					address + at, word);
		}
	}
}

static bool has_rights(const struct leaf *leaf, enum policy_rights rights)
{
	return leaf->writable == (rights == RIGHTS_RW) &&
	       (leaf->executable == (rights == RIGHTS_RX) || !cpu_features.nx);
}

static const char *roots_name(const struct audit *audit)
{
	return audit->roots == ENTRY_SHADOW_ROOTS ? "shadow roots" : "kernel roots";
}

/* Why a leaf may not be there; NULL: it may. */
static const char *leaf_error(const struct audit *audit, const struct leaf *leaf,
			      const struct entry_page *page)
{
	const struct entry_rule *rule = &entry_rules[page->part];
	enum policy_rights rights = rule->rights[audit->roots];

	if (rights == RIGHTS_ABSENT) {
		return "is no part for them";
	}
	if (!pfn_is_valid(leaf->frame) || frame_entry(leaf->frame)->owner != rule->owner) {
		return "shows another owner's frame";
	}
	if (!entry_area_is_frame_of(page, leaf->frame)) {
		return "shows another frame than its own";
	}
	if (rule->owner == OWNER_ENTRY && page->part != PART_TEXT &&
	    policy_state_of(leaf->frame) != entry_area_state(page->part)) {
		return "is sealed, or hidden, against the option";
	}
	return has_rights(leaf, rights) ? NULL : "has other rights";
}

void audit_entry_leaf(struct audit *audit, const struct leaf *leaf)
{
	bool is_shadow = audit->roots == ENTRY_SHADOW_ROOTS;
	struct entry_page page;
	const char *error = "is a guard page";

	if (entry_area_page_at(leaf->address, &page)) {
		error = leaf_error(audit, leaf, &page);
	}
	if (error) {
		audit_violation(
			audit,
			"%s: frame %#x, which belongs to %s, is mapped %s in the entry area "
			"at %#lx, which %s",
			roots_name(audit), leaf->frame.pfn,
			pfn_is_valid(leaf->frame) ? owner_name(frame_entry(leaf->frame)->owner)
						  : "nobody",
			audit_rights_text(leaf), leaf->address, error);
		return;
	}
	/* a pool's page is at home in its pool */
	if (!is_shadow && entry_rules[page.part].owner != OWNER_POOL) {
		(void)audit_see(leaf->frame);
	}
	if (is_shadow && page.part == PART_TEXT) {
		check_bytes(audit, leaf->address, entry_text_start + page.page * PAGE_SIZE, &page);
	} else if (is_shadow && direct_map_has(leaf->frame)) {
		check_bytes(audit, leaf->address, direct_map_pointer(leaf->frame), &page);
	} else if (is_shadow && entry_area_state(page.part) != STATE_ENTRY) {
		/* kernel roots show it at the same address */
		check_bytes(audit, leaf->address, (const void *)leaf->address, &page);
	}
}

/* Each page of the part that roots of this kind show. */
static void check_part(struct audit *audit, enum entry_part_id part, unsigned cpu)
{
	uint32_t nr = part == PART_TEXT ? entry_text_pages() : entry_parts[part].nr_pages;

	for (uint32_t page = 0; page < nr; page++) {
		uint64_t address = entry_area_address(part, cpu, page);

		if (entry_rules[part].rights[audit->roots] != RIGHTS_ABSENT &&
		    !pte_is_present(ptable_lookup(entry_area_root(audit->roots), address, NULL))) {
			audit_violation(audit, "%s: the entry area lacks %#lx: %s, of CPU %u",
					roots_name(audit), address, entry_rules[part].text, cpu);
		}
	}
}

static void check_parts(struct audit *audit, enum entry_roots roots)
{
	audit->roots = roots;
	for (enum entry_part_id part = 0; part < NR_ENTRY_PARTS; part++) {
		for (unsigned cpu = 0; cpu < (entry_rules[part].is_of_cpu ? nr_cpus : 1); cpu++) {
			check_part(audit, part, cpu);
		}
	}
}

/* Roots to come get its entry for the entry area, and no other. */
static void check_template(struct audit *audit, unsigned entry_slot)
{
	const pte_t *template = direct_map_pointer(entry_shadow_template());

	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		if (i != entry_slot && template[i].value) {
			audit_violation(audit, "template: slot %u is %#lx", i, template[i].value);
		}
	}
}

void audit_entry_area(struct audit *audit)
{
	unsigned slot = level_index(ENTRY_AREA_BASE, LEVEL_MAX);

	audit->root_name = "shadow roots";
	audit->roots = ENTRY_SHADOW_ROOTS;
	if (audit_table(audit, entry_shadow_template())) {
		check_template(audit, slot);
		audit_walk_slots(audit, entry_shadow_template(), slot, slot + 1);
	}
	check_parts(audit, ENTRY_KERNEL_ROOTS);
	check_parts(audit, ENTRY_SHADOW_ROOTS);
}
