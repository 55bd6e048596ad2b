/*
 * The frame table's scratch counts are cleared; the kernel's root, every address space and every
 * window root are walked, each leaf held against the policy; then what shadow roots show of the
 * kernel (audit_shadow.c); then each frame is held against what the walks saw of it. While a frame
 * is USER its link fields are free: `next` counts the user mappings seen.
 */
#include "mm/audit.h"

#include <stdarg.h>

#include "arch/x86_64/entry_area.h"
#include "arch/x86_64/features.h"
#include "core/cpu.h"
#include "core/options.h"
#include "core/rendezvous.h"
#include "lib/string.h"
#include "mm/as_init.h"
#include "mm/audit_walk.h"
#include "mm/direct_map.h"
#include "mm/frame_history.h"
#include "mm/layout.h"
#include "mm/pmalloc.h"
#include "mm/policy.h"
#include "mm/ptable.h"

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

static const char *rights_text(const struct leaf *leaf)
{
	if (leaf->writable) {
		return leaf->executable ? "RWX" : "RW";
	}
	return leaf->executable ? "RX" : "R";
}

static bool rights_allow(enum policy_rights rights, const struct leaf *leaf, bool rwx_allowed)
{
	switch (rights) {
	case RIGHTS_ABSENT: return false;
	case RIGHTS_R: return !leaf->writable && !leaf->executable;
	case RIGHTS_RX: return !leaf->writable;
	default: return !leaf->executable || rwx_allowed;
	}
}

/* The page of each CPU's part of the entry area that a pool's frame may be in: struct cpu_sealed.
 */
static bool is_cpu_sealed(uint64_t address)
{
	uint64_t offset = address - ENTRY_AREA_BASE - ENTRY_CPU_OFFSET;

	return offset < nr_cpus * ENTRY_CPU_STRIDE && offset % ENTRY_CPU_STRIDE == ENTRY_CPU_SEALED;
}

static void check_frame_leaf(struct audit *audit, const struct leaf *leaf, pfn_t frame)
{
	enum policy_view view = policy_view_of(leaf->address);
	const struct policy *policy = &policy_table[policy_state_of(frame)];
	bool is_user_half = view == VIEW_USER_HALF;
	enum policy_rights allowed = RIGHTS_ABSENT;

	audit->result->nr_mappings++;
	if (view == VIEW_DIRECT_MAP) {
		allowed = policy->direct_map;
		audit->nr_direct++;
	} else if (policy->view == VIEW_POOLS && is_cpu_sealed(leaf->address)) {
		allowed = RIGHTS_R;
	} else if (policy->view == view ||
		   (view == VIEW_ENTRY_AREA && policy == &policy_table[STATE_KERNEL]) ||
		   (view == VIEW_IMAGE && policy == &policy_table[STATE_ENTRY_TEXT])) {
		/* struct cpu lies in the entry area, but is the kernel's; the entry code lies in
		 * both
		 */
		allowed = policy->rights;
	}
	if (leaf->user != is_user_half) {
		audit_violation(audit, "%s: address %#lx has U/S=%d", audit->root_name,
				leaf->address, leaf->user);
	} else if (view == VIEW_POOLS && pfn_is_valid(frame) &&
		   frame_entry(frame)->owner == OWNER_POOL &&
		   !pool_has_page(leaf->address, frame)) {
		audit_violation(audit, "%s: frame %#x, %s, is not the page of a pool at %#lx",
				audit->root_name, frame.pfn, policy->name, leaf->address);
	} else if (is_user_half && (leaf->writable && leaf->executable)) {
		audit_violation(audit, "%s: address %#lx is writable and executable",
				audit->root_name, leaf->address);
	} else if (is_user_half && allowed == RIGHTS_RW) {
		frame_entry(frame)->next++;
	} else if (!rights_allow(allowed, leaf,
				 view == VIEW_DIRECT_MAP && options.physmap == physmap_rwx)) {
		audit_violation(audit, "%s: frame %#x, %s, is mapped %s in the %s at %#lx",
				audit->root_name, frame.pfn, policy->name, rights_text(leaf),
				policy_view_name(view), leaf->address);
	}
}

static void check_leaf(struct audit *audit, const struct leaf *leaf)
{
	uint32_t nr = 1u << (level_shift(leaf->level) - PAGE_SHIFT);

	if (leaf->level > 2) {
		audit_violation(audit, "%s: 1 GiB page at %#lx", audit->root_name, leaf->address);
		return;
	}
	if (policy_view_of(leaf->address) == VIEW_DIRECT_MAP &&
	    direct_map_frame((va_t){ leaf->address }).pfn != leaf->frame.pfn) {
		audit_violation(audit, "%s: direct map at %#lx shows frame %#x", audit->root_name,
				leaf->address, leaf->frame.pfn);
	}
	if (policy_view_of(leaf->address) == VIEW_USER_HALF && leaf->level == 2) {
		/* one reference for the whole page, counted on its first frame */
		audit->result->nr_mappings += nr - 1;
		nr = 1;
	}
	for (uint32_t i = 0; i < nr; i++) {
		struct leaf page = *leaf;

		page.address += (uint64_t)i << PAGE_SHIFT;
		check_frame_leaf(audit, &page, pfn_add(leaf->frame, i));
	}
}

static uint64_t sign_extend(uint64_t address)
{
	return address & 1ul << 47 ? address | 0xffff000000000000ul : address;
}

static void walk(struct audit *audit, pfn_t table, unsigned level, struct leaf above)
{
	const pte_t *entries = direct_map_pointer(table);

	audit->result->nr_tables++;
	if (policy_state_of(table) != STATE_PTABLE) {
		audit_violation(audit, "%s: page table at frame %#x, which is %s", audit->root_name,
				table.pfn, policy_table[policy_state_of(table)].name);
	}
	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		pte_t pte = pte_read(&entries[i]);
		struct leaf here = above;

		if (!pte_holds_frame(pte)) {
			continue;
		}
		here.address = sign_extend(above.address | (uint64_t)i << level_shift(level));
		here.frame = pte_frame(pte);
		here.level = level;
		here.writable = above.writable && pte_is_writable(pte);
		/* a CPU without NX can run everything, and no table can say otherwise */
		here.executable = above.executable && pte_is_executable(pte) && cpu_features.nx;
		here.user = above.user && pte_is_user(pte);
		if (pte_is_leaf(pte, level)) {
			check_leaf(audit, &here);
		} else {
			walk(audit, here.frame, level - 1, here);
		}
	}
}

static const struct leaf walk_start = { .writable = true, .executable = true, .user = true };

void audit_walk_slots(struct audit *audit, pfn_t root, unsigned first, unsigned end)
{
	const pte_t *entries = direct_map_pointer(root);

	for (unsigned i = first; i < end; i++) {
		struct leaf above = walk_start;

		if (pte_is_present(entries[i])) {
			above.address = sign_extend((uint64_t)i << level_shift(LEVEL_MAX));
			above.writable = pte_is_writable(entries[i]);
			above.executable = pte_is_executable(entries[i]) && cpu_features.nx;
			above.user = pte_is_user(entries[i]);
			walk(audit, pte_frame(entries[i]), LEVEL_MAX - 1, above);
		}
	}
}

/* Every root's kernel half is that of the kernel's own root; `except`: the window's slot in a
 * window root. */
static void check_kernel_half(struct audit *audit, pfn_t root, unsigned except)
{
	const pte_t *entries = direct_map_pointer(root),
		    *reference = direct_map_pointer(kernel_root);

	audit->result->nr_tables++;
	for (unsigned i = PTES_PER_TABLE / 2; i < PTES_PER_TABLE; i++) {
		uint64_t differs =
			(entries[i].value ^ reference[i].value) & ~(uint64_t)PTE_ACCESSED;

		if (i != except && differs) {
			audit_violation(audit,
					"%s: kernel half differs from the kernel's root in slot %u",
					audit->root_name, i);
		}
	}
}

static void audit_as(struct as *as, void *argument)
{
	struct audit *audit = argument;

	lock_acquire(&as->lock);
	audit->root_name = "address space";
	check_kernel_half(audit, as->root, PTES_PER_TABLE);
	audit_shadow_root(audit, as->root);
	/* the shadow root's entries: those of the kernel root say NX on top */
	audit_walk_slots(audit, pfn_add(as->root, 1), 0, PTES_PER_TABLE / 2);
	lock_release(&as->lock);
}

static void audit_window(struct audit *audit, const struct cpu *cpu)
{
	unsigned slot = level_index(WINDOW_BASE, LEVEL_MAX);

	audit->root_name = "window root";
	check_kernel_half(audit, cpu->window_root, slot);
	audit_walk_slots(audit, cpu->window_root, slot, slot + 1);
	audit_walk_slots(audit, cpu->window_root, 0, PTES_PER_TABLE / 2);
}

static void scratch_clear(void)
{
	for (uint32_t i = 0; i < nr_frames; i++) {
		if (frames[i].owner == OWNER_USER) {
			frames[i].next = 0;
		}
	}
}

/* What the walks must have seen of each frame. */
static void check_frames(struct audit *audit)
{
	uint64_t nr_required = 0;

	for (uint32_t i = 0; i < nr_frames; i++) {
		const struct frame *frame = &frames[i];

		audit->result->nr_frames++;
		audit->result->nr_sealed += frame_is_sealed((pfn_t){ i });
		if (!frame_history_agrees((pfn_t){ i })) {
			audit_violation(audit, "frame %#x, %s, has a history that ends otherwise",
					i, policy_table[policy_state_of((pfn_t){ i })].name);
		}
		if (policy_table[policy_state_of((pfn_t){ i })].direct_map == RIGHTS_REQUIRED_RW) {
			nr_required++;
		}
		if (frame->owner == OWNER_USER && !(frame->flags & FRAME_TAIL) &&
		    frame->next != frame->refs) {
			audit_violation(audit, "frame %#x, USER, counts %u references and has %u",
					i, frame->refs, frame->next);
		}
	}
	if (nr_required != audit->nr_direct) {
		audit_violation(audit, "direct map: %lu frames must be in it, %lu are", nr_required,
				audit->nr_direct);
	}
}

void audit_run(struct bw_audit *out)
{
	struct audit audit = { .result = out, .root_name = "kernel root" };

	memset(out, 0, sizeof(*out));
	rendezvous_stop_others();
	scratch_clear();
	audit.result->nr_tables++;
	audit_walk_slots(&audit, kernel_root, 0, PTES_PER_TABLE);
	as_for_each(audit_as, &audit);
	for (unsigned id = 0; id < nr_cpus; id++) {
		audit_window(&audit, cpus[id]);
	}
	audit_entry_area(&audit);
	check_frames(&audit);
	rendezvous_release();
}
