/*
 * The audit: is the machine as policy.def, entry_area.def, the regions and the frame table say?
 * Every page table there is is walked once: the kernel's root, every address space, every window
 * root, the shadow roots' part of the kernel. Each leaf is held against the tables (audit_leaf.c),
 * the large pages of the direct map against what is hidden (audit_direct.c),
 * and, in the user half, against its region and frame (audit_user.c). What the walks saw of each
 * frame is noted in its link: is_seen, and of a USER frame, whose link fields are free,
 * how many entries map it. Then each frame is held against that (audit_frames.c).
 */
#include "mm/watch/audit.h"

#include <stdarg.h>

#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/features.h"
#include "core/rendezvous.h"
#include "lib/string.h"
#include "mm/as/as_init.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/kspace.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/watch/audit_walk.h"

static RO_AFTER_INIT void (*other_part)(struct audit *audit);

void audit_set_part(void (*part)(struct audit *audit)) { other_part = part; }

void audit_violation(struct audit *audit, const char *message, ...)
{
	va_list arguments;

	if (audit->result->nr_violations++) {
		return;
	}
	va_start(arguments, message);
	(void)format_va(audit->result->first, sizeof(audit->result->first), message, arguments);
	va_end(arguments);
}

bool audit_table(struct audit *audit, pfn_t table)
{
	audit->result->nr_tables++;
	if (!pfn_is_valid(table) || frame_entry(table)->owner != OWNER_PTABLE) {
		audit_violation(audit, "%s: page table at frame %#x, which is %s", audit->root_name,
				table.pfn, policy_table[policy_state_of(table)].name);
		return false;
	}
	if (!audit_see(table)) {
		audit_violation(audit, "%s: page table at frame %#x is in use twice",
				audit->root_name, table.pfn);
		return false;
	}
	if (!direct_map_has(table)) {
		audit_violation(audit, "%s: page table at frame %#x is not in the direct map",
				audit->root_name, table.pfn);
		return false;
	}
	return true;
}

static uint64_t sign_extend(uint64_t address)
{
	return address & 1ul << 47 ? address | 0xffff000000000000ul : address;
}

/* The view that all addresses of a page table are in; NONE: they are in several, or in none. */
static enum policy_view view_of_table(uint64_t start)
{
	enum policy_view view = policy_view_of(start);

	return view == policy_view_of(start + HUGE_SIZE - 1) ? view : VIEW_NONE;
}

static inline struct leaf below(const struct leaf *above, pte_t pte, unsigned level, unsigned index)
{
	uint64_t address = sign_extend(above->address | (uint64_t)index << level_shift(level));
	enum policy_view view = level == 1 ? above->view : VIEW_NONE;

	return (struct leaf){
		.address = address,
		.view = view == VIEW_NONE ? policy_view_of(address) : view,
		.pte = pte,
		.frame = pte_frame(pte),
		.level = level,
		.writable = pte_is_writable(pte) && !gate_pte_is_guarded(pte) && above->writable,
		/* a CPU without NX can run everything, and no table can say otherwise */
		.executable = pte_is_executable(pte) && cpu_features.nx,
	};
}

/* An entry that leads to a table takes nothing away from the pages below, and adds nothing; but
 * those above the guarded area. */
static void check_table_entry(struct audit *audit, const struct leaf *here)
{
	bool is_guard = here->level == 3 && gate_is_by_entry() &&
			here->address - guarded_base() < GUARDED_SIZE;
	uint64_t expected = PTE_PRESENT | (is_guard ? 0 : PTE_WRITABLE) |
			    (here->address < USER_TOP ? PTE_USER : 0);

	if ((here->pte.value & ~(PTE_ADDRESS_MASK | PTE_ACCESSED)) != expected) {
		audit_violation(audit,
				"%s: entry %#lx at %#lx, which leads to a table, has bits that no "
				"entry there has",
				audit->root_name, here->pte.value, here->address);
	}
}

/* What the frame table says of a table, against where it is. */
static void check_table_place(struct audit *audit, const struct leaf *here)
{
	const struct frame *frame = frame_entry(here->frame);
	bool is_user = here->address < USER_TOP;
	unsigned half = is_user                              ? TABLE_USER
			: audit->roots == ENTRY_SHADOW_ROOTS ? TABLE_SHADOW
							     : 0;
	unsigned flags = (here->level - 1) | TABLE_LINKED | half;
	uint32_t number = is_user ? (uint32_t)align_down(audit->root.pfn, 2)
				  : (uint32_t)(here->address >> level_shift(2));

	if (table_is_reserved(frame)) {
		return; /* audit_direct.c */
	}
	if (gate_in_force == ptprot_off) {
		flags = frame->flags; /* nobody keeps them */
		number = is_user ? number : frame->number;
	}
	if (frame->flags != flags || frame->number != number) {
		audit_violation(audit,
				"%s: page table at frame %#x, for %#lx, has %#x and %#x, not %#x "
				"and %#x: it is another root's, or has another place",
				audit->root_name, here->frame.pfn, here->address, frame->flags,
				frame->number, flags, number);
	}
}

static void walk(struct audit *audit, const struct leaf *above);

/* Window roots have the guarded area once more, with a writable entry above the same tables. */
static bool is_of_guarded_area(const struct leaf *here)
{
	uint64_t offset = here->address - WINDOW_GUARDED;
	const pte_t *own = offset < GUARDED_SIZE && here->level == 3
				   ? ptable_entry(kernel_root, guarded_base() + offset, 3)
				   : NULL;

	return gate_in_force == ptprot_window && own &&
	       audit_without_use(here->pte) == (audit_without_use(pte_read(own)) | PTE_WRITABLE);
}

/* An entry that is not zero. */
static void check_entry(struct audit *audit, struct leaf *here)
{
	pte_t pte = here->pte;

	if (is_of_guarded_area(here)) {
		return;
	}
	if (!pte_holds_frame(pte) || (pte.value & PTE_ADDRESS_MASK) != (uint64_t)here->frame.pfn
									       << PAGE_SHIFT) {
		audit_violation(audit, "%s: entry %#lx at %#lx is neither empty nor a mapping",
				audit->root_name, pte.value, here->address);
	} else if (!pte_is_present(pte) && here->address >= USER_TOP) {
		audit_violation(audit, "%s: entry %#lx at %#lx is not present and names a frame",
				audit->root_name, pte.value, here->address);
	} else if (pte.value & PTE_GLOBAL && (pte_is_leaf(pte, here->level))) {
		audit_violation(audit,
				"%s: address %#lx is global: no change of the root flushes it",
				audit->root_name, here->address);
	} else if (here->level < LEVEL_MAX && pte_is_leaf(pte, here->level)) {
		audit_leaf(audit, here);
	} else if (!pte_is_present(pte)) {
		audit_violation(audit, "%s: page table at %#lx is parked", audit->root_name,
				here->address);
	} else if (audit_table(audit, here->frame)) {
		check_table_entry(audit, here);
		check_table_place(audit, here);
		here->view = here->level == 2 ? view_of_table(here->address) : VIEW_NONE;
		walk(audit, here);
	}
}

/* The table that an entry leads to. Each is walked once, so no loop of tables is endless. */
static void walk(struct audit *audit, const struct leaf *above)
{
	const struct frame *frame = frame_entry(above->frame);
	const pte_t *entries = direct_map_pointer(above->frame);
	unsigned nr_used = 0;

	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		pte_t pte = pte_read(&entries[i]);

		if (pte.value) {
			struct leaf here = below(above, pte, above->level - 1, i);

			nr_used++;
			check_entry(audit, &here);
		}
	}
	if (frame_nr_entries(frame) != nr_used && !table_is_reserved(frame) &&
	    gate_in_force != ptprot_off) {
		audit_violation(audit, "%s: page table at frame %#x has %u entries, and counts %u",
				audit->root_name, above->frame.pfn, nr_used, frame->nr_used);
	}
}

void audit_walk_slots(struct audit *audit, pfn_t root, unsigned first, unsigned end)
{
	audit->root = root;
	static const struct leaf start = { .writable = true };
	const pte_t *entries = direct_map_pointer(root);

	for (unsigned i = first; i < end; i++) {
		pte_t pte = pte_read(&entries[i]);

		if (pte.value) {
			struct leaf here = below(&start, pte, LEVEL_MAX, i);

			check_entry(audit, &here);
		}
	}
}

bool audit_kernel_half(struct audit *audit, pfn_t root, unsigned except)
{
	bool is_same = true;
	const pte_t *entries = direct_map_pointer(root),
		    *reference = direct_map_pointer(kernel_root);

	for (unsigned i = PTES_PER_TABLE / 2; i < PTES_PER_TABLE; i++) {
		uint64_t differs =
			(entries[i].value ^ reference[i].value) & ~(uint64_t)PTE_ACCESSED;

		if (i != except && differs) {
			audit_violation(audit,
					"%s: kernel half differs from the kernel's root in slot %u",
					audit->root_name, i);
			is_same = false;
		}
	}
	return is_same;
}

void audit_user_half_empty(struct audit *audit, pfn_t root)
{
	const pte_t *entries = direct_map_pointer(root);

	for (unsigned i = 0; i < PTES_PER_TABLE / 2; i++) {
		if (entries[i].value) {
			audit_violation(audit, "%s: slot %u of the user half is %#lx",
					audit->root_name, i, entries[i].value);
		}
	}
}

static void audit_kernel_root(struct audit *audit)
{
	audit->root_name = "kernel root";
	audit->roots = ENTRY_KERNEL_ROOTS;
	if (audit_table(audit, kernel_root)) {
		audit_user_half_empty(audit, kernel_root);
		audit_walk_slots(audit, kernel_root, PTES_PER_TABLE / 2, PTES_PER_TABLE);
	}
	audit_count(audit, "pages of devices", audit->nr_device, kspace_nr_device_pages());
}

static void visit_as(struct as *as, void *argument) { audit_as(argument, as); }

void audit_run(struct bw_audit *out)
{
	/* before anything opens the window, which loads the current root when it closes */
	struct audit audit = { .result = out, .loaded = cr3_read() };

	memset(out, 0, sizeof(*out));
	rendezvous_stop_others();
	FOR_EACH_FRAME (i) {
		frame_links[i].is_seen = false;
		if (frames[i].owner == OWNER_USER) {
			frame_links[i] = (struct frame_link){ 0 };
		}
	}
	audit_kernel_root(&audit);
	audit_direct_map(&audit);
	as_for_each(visit_as, &audit);
	audit_cpus(&audit);
	audit_entry_area(&audit);
	audit_protected(&audit);
	audit_free_places(&audit);
	audit_frames(&audit);
	audit_as_counts(&audit);
	if (other_part) {
		other_part(&audit);
	}
	rendezvous_release();
}
