/*
 * The user half: every leaf lies in a region and is the entry that the region gives a page, its
 * frames are a user page of that size, and each page is mapped as often as its references say.
 *
 * Scratch of a USER frame, on the first of a page: its link's `next` counts the entries that map
 * it, `prev` says by what kinds of region.
 */
#include "mm/as/as_pages.h"
#include "mm/as/region_tree.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/xpfo.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/watch/audit_walk.h"

enum { BY_PRIVATE = 1, BY_SHARED = 2 };

/* A walk goes upward, and so does the list. */
static const struct region *region_at(struct audit *audit, uint64_t address)
{
	while (audit->region && audit->region->end <= address) {
		audit->region = region_next(audit->as, audit->region);
	}
	return audit->region;
}

/* What is wrong with the entry; NULL: nothing. */
static const char *entry_error(const struct region *region, const struct leaf *leaf)
{
	bool is_private = !(region->flags & REGION_SHARED);
	/* what it says beside its region's rights: of others, and of grants */
	uint64_t value = audit_without_use(leaf->pte) & ~(PTE_SHARED | PTE_OFFERED | PTE_ACCEPTS);

	if (leaf->level != region_level(region)) {
		return "is of another size than its region's pages";
	}
	if (pte_is_writable(leaf->pte) && !(region->rights & RIGHT_WRITE)) {
		return "is writable, in a region that is not";
	}
	if (leaf->executable && !(region->rights & RIGHT_EXECUTE)) {
		return "is executable, in a region that is not";
	}
	if (value != as_pte(leaf->frame, region, false).value &&
	    (!is_private || value != as_pte(leaf->frame, region, true).value)) {
		return "is not the entry of its region";
	}
	/* unless the entry says so, nobody asks who else has the page */
	if (!(leaf->pte.value & (PTE_COPY | PTE_SHARED)) && pfn_is_valid(leaf->frame) &&
	    frame_entry(leaf->frame)->refs > 1) {
		return is_private ? "is shared by processes, and a write would not copy it"
				  : "is shared by processes, and does not say so";
	}
	return NULL;
}

static void check_entry(struct audit *audit, const struct region *region, const struct leaf *leaf)
{
	uint64_t end = leaf->address + (1ul << level_shift(leaf->level));
	const char *error;

	if (!region || leaf->address < region->start || end > region->end) {
		audit_violation(audit, "%s: the page at %#lx lies in no region", audit->root_name,
				leaf->address);
		return;
	}
	error = entry_error(region, leaf);
	if (error) {
		audit_violation(audit, "%s: the page at %#lx, frame %#x, %s: entry %#lx",
				audit->root_name, leaf->address, leaf->frame.pfn, error,
				leaf->pte.value);
	}
}

void audit_user_leaf(struct audit *audit, const struct leaf *leaf)
{
	const struct region *region = region_at(audit, leaf->address);
	unsigned order = leaf->level == 2 ? HUGE_ORDER : 0;
	struct frame *frame = frame_entry(leaf->frame);

	audit->nr_user_pages += 1ul << order;
	check_entry(audit, region, leaf);
	if (!pfn_is_valid(leaf->frame) || frame->owner != OWNER_USER) {
		return; /* that was said */
	}
	if (frame->flags & FRAME_TAIL || frame->order != order) {
		audit_violation(
			audit, "%s: the page at %#lx, of order %u, shows frame %#x, %s of order %u",
			audit->root_name, leaf->address, order, leaf->frame.pfn,
			frame->flags & FRAME_TAIL ? "a tail" : "the first", frame->order);
	}
	frame_link(leaf->frame)->next++;
	if (region) {
		frame_link(leaf->frame)->prev |=
			region->flags & REGION_SHARED ? BY_SHARED : BY_PRIVATE;
	}
}

/* The frames of a 2 MiB page are one page: a first one, and its tails. */
static const char *page_error(pfn_t frame)
{
	const struct frame *entry = frame_entry(frame);
	pfn_t first = { align_down(frame.pfn, 1u << HUGE_ORDER) };

	if (entry->flags & FRAME_TAIL) {
		return frame_entry(first)->owner != OWNER_USER ||
				       frame_entry(first)->flags & FRAME_TAIL ||
				       frame_entry(first)->order != HUGE_ORDER
			       ? "is the tail of no page"
			       : NULL;
	}
	if (entry->order == 0) {
		return NULL;
	}
	if (entry->order != HUGE_ORDER || frame.pfn != first.pfn ||
	    first.pfn + (1u << HUGE_ORDER) > nr_frames) {
		return "is no page that programs can have";
	}
	for (uint32_t i = 1; i < 1u << HUGE_ORDER; i++) {
		if (entry[i].owner != OWNER_USER || !(entry[i].flags & FRAME_TAIL)) {
			return "is the first of a page with others' frames in it";
		}
	}
	return NULL;
}

/* With xpfo=off all are; a variant that waits for a kunmap leaves out what was never kmapped. */
static bool may_be_shown(const struct frame *entry)
{
	return !xpfo_is_on() || (xpfo_leaves_unkmapped() && entry->flags & FRAME_UNKMAPPED);
}

void audit_user_frame(struct audit *audit, pfn_t frame)
{
	const struct frame *entry = frame_entry(frame);
	const struct frame_link *link = frame_link(frame);
	const char *error = page_error(frame);
	uint32_t refs;

	if (error) {
		audit_violation(audit, "frame %#x, USER, %s", frame.pfn, error);
	}
	if (!(entry->flags & FRAME_HIDDEN) != may_be_shown(entry)) {
		audit_violation(audit, "frame %#x, USER, is %s", frame.pfn,
				may_be_shown(entry) ? "hidden" : "not hidden");
	}
	/* of a fresh page of 2 MiB the numbers say other things */
	refs = (entry->flags & FRAME_FRESH && entry->order) || entry->flags & FRAME_TAIL
		       ? 0
		       : entry->refs;
	if (link->next != refs) {
		audit_violation(audit, "frame %#x, USER, counts %u references and has %u",
				frame.pfn, refs, link->next);
	}
	if (link->prev == (BY_PRIVATE | BY_SHARED)) {
		audit_violation(audit, "frame %#x, USER, is in private and in shared memory",
				frame.pfn);
	}
}

static const char *region_error(const struct region *region, uint64_t above)
{
	struct region same = *region;
	uint64_t page_bytes = region_page_bytes(region);

	if (region->start < above || region->start >= region->end || region->end > USER_TOP) {
		return "overlaps, is empty, or lies beyond user space";
	}
	if (!is_aligned(region->start, page_bytes) || !is_aligned(region->end, page_bytes)) {
		return "cuts a page";
	}
	region_set_rights(&same, region->rights, region->flags);
	if (same.entry_flags != region->entry_flags) {
		return "gives entries other rights";
	}
	return same.denied == region->denied ? NULL : "denies first touches other rights";
}

static void check_regions(struct audit *audit, const struct as *as)
{
	uint64_t above = USER_MIN;
	uint32_t nr = 0;
	bool has_near = as->near == &as->regions;

	LIST_FOR_EACH (node, &as->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);
		const char *error = region_error(region, above);

		if (error || ++nr > as->nr_regions) {
			audit_violation(audit, "%s: the region at %#lx %s", audit->root_name,
					region->start, error ? error : "is one too many");
			return;
		}
		above = region->end;
		has_near = has_near || as->near == node;
	}
	if (nr != as->nr_regions) {
		audit_violation(audit, "%s: counts %u regions and has %u", audit->root_name,
				as->nr_regions, nr);
	} else if (!has_near) {
		audit_violation(audit, "%s: remembers a region that is none", audit->root_name);
	} else if (!region_tree_is_whole(as)) {
		audit_violation(audit,
				"%s: a region is not found in the tree, or says too much of "
				"a gap",
				audit->root_name);
	}
}

static const struct region *first_region(const struct as *as)
{
	return as->regions.next == &as->regions ? NULL
						: LIST_ENTRY(as->regions.next, struct region, node);
}

void audit_as_counts(struct audit *audit)
{
	if (audit->miscounted) {
		audit_violation(audit, "address space: counts %lu pages and has %lu",
				audit->miscounted->nr_pages, audit->nr_miscounted);
	}
}

void audit_as(struct audit *audit, const struct as *as)
{
	pfn_t shadow = pfn_add(as->root, 1);

	audit->root_name = "address space";
	check_regions(audit, as);
	audit_cpus_of(audit, as);
	if (as->root.pfn % 2 || !audit_table(audit, as->root) || !audit_table(audit, shadow)) {
		audit_violation(audit, "%s: frames %#x and %#x are no pair of roots",
				audit->root_name, as->root.pfn, shadow.pfn);
		return;
	}
	if (as->tlb.root.pa != pfn_to_pa(as->root).pa) {
		audit_violation(audit, "%s: root at frame %#x, and CPUs load that at %#lx",
				audit->root_name, as->root.pfn, as->tlb.root.pa);
	}
	(void)audit_kernel_half(audit, as->root, PTES_PER_TABLE);
	audit_shadow_root(audit, as->root);
	audit->as = as;
	audit->region = first_region(as);
	audit->nr_user_pages = 0;
	/* the shadow root's entries: those of the kernel root say NX on top */
	audit_walk_slots(audit, shadow, 0, PTES_PER_TABLE / 2);
	if (audit->nr_user_pages != as->nr_pages && !audit->miscounted) {
		audit->miscounted = as;
		audit->nr_miscounted = audit->nr_user_pages;
	}
	if (as->table && as->table != ptable_entry(as->root, as->table_start, 1)) {
		audit_violation(audit, "%s: remembers a page table of %#lx that is not there",
				audit->root_name, as->table_start);
	}
	audit->as = NULL;
	audit->region = NULL;
}
