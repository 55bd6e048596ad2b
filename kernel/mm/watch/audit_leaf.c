/* A leaf against policy.def, and against what belongs at its address. */
#include "core/options.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"
#include "mm/frame/kspace.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/watch/audit_walk.h"

const char *audit_rights_text(const struct leaf *leaf)
{
	if (leaf->writable) {
		return leaf->executable ? "RWX" : "RW";
	}
	return leaf->executable ? "RX" : "R";
}

static bool rights_allow(enum policy_rights rights, const struct leaf *leaf)
{
	switch (rights) {
	case RIGHTS_ABSENT: return false;
	case RIGHTS_R: return !leaf->writable && !leaf->executable;
	case RIGHTS_RX: return !leaf->writable;
	case RIGHTS_RW: return !leaf->executable;
	case RIGHTS_RW_RX: return !leaf->writable || !leaf->executable;
	case RIGHTS_REQUIRED_R:
		return !leaf->writable && (!leaf->executable || options.physmap == physmap_rwx);
	default: return leaf->writable && (!leaf->executable || options.physmap == physmap_rwx);
	}
}

static void check_direct_map(struct audit *audit, const struct leaf *leaf)
{
	audit->nr_direct++;
	if (direct_map_frame((va_t){ leaf->address }).pfn != leaf->frame.pfn) {
		audit_violation(audit, "%s: direct map at %#lx shows frame %#x", audit->root_name,
				leaf->address, leaf->frame.pfn);
	}
}

static void check_image(struct audit *audit, const struct leaf *leaf)
{
	pa_t pa = { LOAD_BASE + (leaf->address - (uint64_t)image_start) };

	if (pa_to_pfn(pa).pfn != leaf->frame.pfn) {
		audit_violation(audit, "%s: the image at %#lx shows frame %#x", audit->root_name,
				leaf->address, leaf->frame.pfn);
	}
}

static void check_pools(struct audit *audit, const struct leaf *leaf)
{
	if (!pfn_is_valid(leaf->frame) || frame_entry(leaf->frame)->owner != OWNER_POOL) {
		return; /* the policy says that */
	}
	(void)audit_see(leaf->frame);
	if (!pool_has_page(leaf->address, leaf->frame)) {
		audit_violation(audit, "%s: frame %#x, %s, is not the page of a pool at %#lx",
				audit->root_name, leaf->frame.pfn,
				policy_table[policy_state_of(leaf->frame)].name, leaf->address);
	}
}

static void say_odd_bits(struct audit *audit, const struct leaf *leaf)
{
	audit_violation(audit, "%s: entry %#lx in the %s at %#lx has bits that no entry there has",
			audit->root_name, leaf->pte.value, policy_view_name(leaf->view),
			leaf->address);
}

/* Registers are shown as ioremap was told to. True: that was said. */
static bool check_device(struct audit *audit, const struct leaf *leaf)
{
	pte_t expected;

	if (!kspace_device_at(leaf->address, &expected) ||
	    pte_frame(expected).pfn != leaf->frame.pfn) {
		return false;
	}
	audit->nr_device++;
	if (audit_without_use(leaf->pte) != expected.value) {
		say_odd_bits(audit, leaf);
	}
	return true;
}

/* Marks say where they are, as what kernel space has of the kernel's does. */
static void check_marks(struct audit *audit, const struct leaf *leaf)
{
	const struct frame *frame = frame_entry(leaf->frame);

	if (!pfn_is_valid(leaf->frame) || !audit_see(leaf->frame) || !frame_is_of_marks(frame) ||
	    frame_link(leaf->frame)->prev != frame_place(leaf->address)) {
		audit_violation(audit, "%s: the marks at %#lx show frame %#x, not in its place",
				audit->root_name, leaf->address, leaf->frame.pfn);
	}
}

/* Stacks say where they are; all else is the registers of devices, and nobody's memory. */
static void check_kspace(struct audit *audit, const struct leaf *leaf)
{
	const struct frame *frame = frame_entry(leaf->frame);
	bool is_in_place;

	if (!pfn_is_valid(leaf->frame) || frame->owner == OWNER_RESERVED) {
		is_in_place = check_device(audit, leaf);
	} else {
		is_in_place = frame->flags & FRAME_PLACED &&
			      frame_link(leaf->frame)->prev == frame_place(leaf->address);
		(void)audit_see(leaf->frame);
	}
	if (!is_in_place) {
		audit_violation(audit, "%s: kernel space at %#lx shows frame %#x, not in its place",
				audit->root_name, leaf->address, leaf->frame.pfn);
	}
}

/* Is it the frame that belongs at the address? */
static inline void check_place(struct audit *audit, const struct leaf *leaf)
{
	switch (leaf->view) {
	case VIEW_DIRECT_MAP: check_direct_map(audit, leaf); break;
	case VIEW_IMAGE: check_image(audit, leaf); break;
	case VIEW_POOLS: check_pools(audit, leaf); break;
	case VIEW_KSPACE: check_kspace(audit, leaf); break;
	case VIEW_MARKS: check_marks(audit, leaf); break;
	case VIEW_ENTRY_AREA: audit_entry_leaf(audit, leaf); break;
	default: break;
	}
}

static inline void check_frame(struct audit *audit, const struct leaf *leaf)
{
	enum policy_view view = leaf->view;
	bool is_user_half = view == VIEW_USER_HALF;
	enum policy_state state = policy_state_of(leaf->frame);

	audit->result->nr_mappings++;
	if (pte_is_user(leaf->pte) != is_user_half) {
		audit_violation(audit, "%s: address %#lx has U/S=%d", audit->root_name,
				leaf->address, pte_is_user(leaf->pte));
	} else if (leaf->writable && leaf->executable && is_user_half) {
		audit_violation(audit, "%s: address %#lx is writable and executable",
				audit->root_name, leaf->address);
	}
	if (!rights_allow(policy_rights_in(state, view), leaf)) {
		audit_violation(audit, "%s: frame %#x, %s, is mapped %s in the %s at %#lx",
				audit->root_name, leaf->frame.pfn, policy_table[state].name,
				audit_rights_text(leaf), policy_view_name(view), leaf->address);
	}
	check_place(audit, leaf);
}

/* Each of a 2 MiB leaf's. */
static void check_frames(struct audit *audit, struct leaf page)
{
	for (uint32_t i = 0; i < PTES_PER_TABLE; i++) {
		page.view = policy_view_of(page.address);
		check_frame(audit, &page);
		page.address += PAGE_SIZE;
		page.frame = pfn_add(page.frame, 1);
	}
}

/* Of the direct map's own pages of 2 MiB audit_direct.c knows more. */
static bool may_be_large(const struct leaf *leaf)
{
	return leaf->view == VIEW_DIRECT_MAP &&
	       !pfn_is_none(direct_split_table(direct_map_frame((va_t){ leaf->address })));
}

/*
 * The kernel's other pages are of 4 KiB and cached as memory is; the entry says that and its
 * rights. Of devices check_device knows more.
 */
static void check_kernel_entry(struct audit *audit, const struct leaf *leaf)
{
	enum policy_state state = policy_state_of(leaf->frame);
	bool may_be_guarded = gate_pte_is_guarded(leaf->pte) &&
			      (state == STATE_PTABLE_GUARDED || state == STATE_KERNEL_SEALED);
	uint64_t rights = PTE_WRITABLE | PTE_USER | PTE_NO_EXECUTE | (may_be_guarded ? PTE_KEY : 0);
	pte_t device;

	if (leaf->level == 2) {
		if (!may_be_large(leaf)) {
			audit_violation(audit, "%s: 2 MiB page in the %s at %#lx", audit->root_name,
					policy_view_name(leaf->view), leaf->address);
		}
	} else if ((audit_without_use(leaf->pte) & ~(PTE_ADDRESS_MASK | rights)) != PTE_PRESENT &&
		   !kspace_device_at(leaf->address, &device)) {
		say_odd_bits(audit, leaf);
	}
}

/* In window roots, the one device that no other root has, and the window's own table. */
static bool is_private(const struct audit *audit, const struct leaf *leaf)
{
	pte_t self = pte_make(audit->window_table, PTE_PRESENT | PTE_WRITABLE | ptable_nx());
	uint64_t value = audit_without_use(leaf->pte);

	return leaf->view == VIEW_WINDOW &&
	       ((leaf->address == WINDOW_APIC && value == window_apic_entry().value) ||
		(leaf->address == WINDOW_SELF && value == self.value));
}

void audit_leaf(struct audit *audit, const struct leaf *leaf)
{
	if (is_private(audit, leaf)) {
		return;
	}
	if (leaf->level > 2) {
		audit_violation(audit, "%s: 1 GiB page at %#lx", audit->root_name, leaf->address);
		return;
	}
	if (leaf->view != VIEW_USER_HALF) {
		check_kernel_entry(audit, leaf);
	}
	if (leaf->level == 2) {
		check_frames(audit, *leaf);
	} else {
		check_frame(audit, leaf);
	}
	if (leaf->view == VIEW_USER_HALF) {
		audit_user_leaf(audit, leaf);
	}
}
