/* The auditor sees what is wrong in a user half: each page against region, frame and references. */
#include "audit_plant.h"
#include "core/cpu.h"
#include "mm/as/as.h"
#include "mm/as/as_pages.h"
#include "mm/as/region_tree.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/xpfo.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

/* One region each. */
#define WRITABLE_AT (USER_MIN + 16 * PAGE_SIZE)
#define READ_ONLY_AT (USER_MIN + 32 * PAGE_SIZE)
#define SHARED_AT (USER_MIN + 64 * PAGE_SIZE)
#define CODE_AT (USER_MIN + 96 * PAGE_SIZE)
#define SMALL_AT (4 * HUGE_SIZE) /* of 4 KiB pages, as long as one of 2 MiB */
#define MANY_AT (10 * HUGE_SIZE)
#define SHORT_AT (6 * HUGE_SIZE) /* the same, a page long */
#define HUGE_AT (8 * HUGE_SIZE)

enum { RW = RIGHT_READ | RIGHT_WRITE, REGION_PAGES = 2 };

static status_t map(struct as *as, uint64_t at, uint64_t len_bytes, unsigned rights, unsigned flags)
{
	uva_t out;

	return as_map(as, AS_MAP_FIXED, at, len_bytes, rights, flags, &out);
}

/* A page of each region is there. */
static status_t fill(struct as *as)
{
	static const struct {
		uint64_t at, len_bytes;
		unsigned rights, flags;
	} regions[] = {
		{ WRITABLE_AT, REGION_PAGES * PAGE_SIZE, RW, 0 },
		{ READ_ONLY_AT, REGION_PAGES * PAGE_SIZE, RIGHT_READ, 0 },
		{ SHARED_AT, REGION_PAGES * PAGE_SIZE, RW, REGION_SHARED },
		{ CODE_AT, REGION_PAGES * PAGE_SIZE, RIGHT_READ | RIGHT_EXECUTE, 0 },
		{ SMALL_AT, HUGE_SIZE, RW, 0 },
		{ SHORT_AT, PAGE_SIZE, RW, 0 },
	};
	status_t status = STATUS_OK;

	for (unsigned i = 0; i < ARRAY_SIZE(regions) && status == STATUS_OK; i++) {
		status = map(as, regions[i].at, regions[i].len_bytes, regions[i].rights,
			     regions[i].flags);
		if (status == STATUS_OK && regions[i].at < SMALL_AT) {
			status = as_fault(as, (uva_t){ regions[i].at }, RIGHT_READ);
		}
	}
	return status;
}

static pte_t *entry_of(const struct as *as, uint64_t at) { return ptable_entry(as->root, at, 1); }

/* With a flag more, or less. */
static void plant_flag(const struct as *as, uint64_t at, uint64_t flag, const char *words,
		       const char *what)
{
	pte_t *entry = entry_of(as, at);

	plant(entry, (pte_t){ pte_read(entry).value ^ flag }, words, what);
}

static void plant_rights(const struct as *as)
{
	plant_flag(as, READ_ONLY_AT, PTE_WRITABLE, "is writable, in a region that is not",
		   "a writable page in a region that is read-only");
	if (ptable_nx()) {
		plant_flag(as, WRITABLE_AT, PTE_NO_EXECUTE | PTE_WRITABLE,
			   "is executable, in a region that is not",
			   "code in a region that is data");
	}
	plant_flag(as, CODE_AT, PTE_WRITABLE, "is writable and executable",
		   "a writable page of code");
	plant_flag(as, SHARED_AT, PTE_COPY | PTE_WRITABLE, "is not the entry of its region",
		   "a page of shared memory that a write would copy");
	plant_flag(as, WRITABLE_AT, PTE_PRESENT | PTE_PARKED, "is not the entry of its region",
		   "a page that is parked, in a region that is not");
	plant_flag(as, WRITABLE_AT, PTE_WRITE_THROUGH, "is not the entry of its region",
		   "a page that is cached otherwise");
}

static void plant_places(const struct as *as)
{
	pte_t pte = pte_read(entry_of(as, WRITABLE_AT));

	plant(entry_of(as, WRITABLE_AT + REGION_PAGES * PAGE_SIZE), pte, "lies in no region",
	      "a page behind its region");
	plant(entry_of(as, WRITABLE_AT - PAGE_SIZE), pte, "lies in no region",
	      "a page in front of it");
	plant(entry_of(as, SHARED_AT + PAGE_SIZE), pte, "counts 1 references and has 2",
	      "a page that is mapped twice and counted once");
	PLANT(frame_entry(pte_frame(pte))->refs, 0, "counts 0 references and has 1",
	      "a page that nobody counted");
}

/* What a fork leaves: nothing in private memory may be written without a copy. */
static void plant_after_fork(struct as *as)
{
	pte_t *entry = entry_of(as, WRITABLE_AT);
	pte_t *shared = entry_of(as, SHARED_AT), *other;
	struct as *child;

	if (as_clone(as, (uva_t){ 0 }, &child)) {
		ktest_skip("no memory for a child");
		return;
	}
	expect_clean("after a fork");
	plant(entry, pte_with(pte_without(pte_read(entry), PTE_COPY), PTE_WRITABLE),
	      "is shared by processes, and a write would not copy it",
	      "a page shared by fork with a writable entry");
	plant_flag(as, READ_ONLY_AT, PTE_COPY,
		   "is shared by processes, and a write would not copy it",
		   "a read-only page shared by fork that would not be copied either");
	plant_flag(as, SHARED_AT, PTE_SHARED, "is shared by processes, and does not say so",
		   "a page of shared memory that two processes have, and does not say so");
	other = entry_of(child, WRITABLE_AT + PAGE_SIZE);
	FORCE(frame_entry(pte_frame(pte_read(shared)))->refs++);
	plant(other,
	      as_pte(pte_frame(pte_read(shared)), LIST_ENTRY(as->regions.next, struct region, node),
		     true),
	      "in private and in shared memory", "a page in private and in shared memory");
	FORCE(frame_entry(pte_frame(pte_read(shared)))->refs--);
	as_put(child);
	expect_clean("without the child");
}

static void plant_huge(const struct as *as)
{
	struct region *region = LIST_ENTRY(as->regions.previous, struct region, node);
	pte_t *entry = ptable_entry(as->root, HUGE_AT, 2);
	pfn_t first = pte_frame(pte_read(entry));
	pte_t small = pte_read(entry_of(as, WRITABLE_AT));
	struct frame *frame = frame_entry(first);
	uint64_t rw = PTE_PRESENT | PTE_WRITABLE | PTE_USER | ptable_nx();

	plant(entry,
	      pte_make((pfn_t){ align_down(kernel_root.pfn, 1u << HUGE_ORDER) }, rw | PTE_HUGE),
	      "in the user half", "a 2 MiB page over the frames of others");
	plant(entry,
	      pte_make((pfn_t){ align_down(pte_frame(small).pfn, 1u << HUGE_ORDER) },
		       rw | PTE_HUGE),
	      "in the user half", "a 2 MiB page over a 4 KiB page and its neighbours");
	PLANT(frame[1].owner, OWNER_KERNEL, "KERNEL, is mapped RW in the user half",
	      "another's frame in a 2 MiB page, the second");
	PLANT(frame[511].owner, OWNER_KERNEL, "KERNEL, is mapped RW in the user half",
	      "another's frame in a 2 MiB page, the last");
	plant(entry, pte_without(pte_read(entry), PTE_WRITABLE), "is not the entry of its region",
	      "a 2 MiB page that is read-only");
	plant(ptable_entry(as->root, SMALL_AT, 2), pte_read(entry),
	      "is of another size than its region's pages",
	      "a 2 MiB page in a region of 4 KiB pages");
	plant(ptable_entry(as->root, HUGE_AT + HUGE_SIZE, 2), pte_read(entry), "lies in no region",
	      "a 2 MiB page behind its region");
	plant(ptable_entry(as->root, SHORT_AT, 2), pte_read(entry), "lies in no region",
	      "a 2 MiB page that begins in a region and goes on behind it");
	plant(entry_of(as, WRITABLE_AT + PAGE_SIZE), pte_make(pfn_add(first, 7), rw),
	      "of order 0, shows frame", "a tail of a 2 MiB page as a page of 4 KiB");
	plant(entry_of(as, WRITABLE_AT + PAGE_SIZE), pte_make(first, rw), "of order 0, shows frame",
	      "the first frame of a 2 MiB page as a page of 4 KiB");
	PLANT(frame->order, 0, "of order 9, shows frame", "a 2 MiB page of a frame of order 0");
	PLANT(frame[5].flags, frame[5].flags & ~FRAME_TAIL,
	      "is the first of a page with others' frames in it", "a tail that does not say so");
	PLANT(frame_entry(pte_frame(small))->order, 3, "of order 0, shows frame",
	      "a frame of order 3 as a page of 4 KiB");
	PLANT(region->end, region->end - PAGE_SIZE, "cuts a page",
	      "a region that cuts a 2 MiB page");
	PLANT(frame[9].refs, 1, "counts references that it cannot have",
	      "a tail that counts references");
}

/* The frame table alone: pages that nobody maps. */
static void plant_frames(void)
{
	pfn_t frame;

	if (frame_alloc_user(&frame)) {
		ktest_skip("no memory for a frame");
		return;
	}
	expect_violation("counts 1 references and has 0", "a page that nobody maps");
	FORCE(frame_entry(frame)->refs = 0);
	expect_clean("with a user frame that is on its way");
	PLANT(frame_entry(frame)->flags, frame_entry(frame)->flags | FRAME_TAIL,
	      "is the tail of no page", "a tail without a page");
	PLANT(frame_entry(frame)->order, 4, "is no page that programs can have",
	      "a page of 64 KiB");
	PLANT(frame_entry(frame)->flags, frame_entry(frame)->flags ^ FRAME_HIDDEN,
	      xpfo_is_on() ? "USER, is not hidden" : "in the direct map",
	      "a user frame that is hidden, or not, against the option");
	if (xpfo_is_on() && !xpfo_leaves_unkmapped()) {
		PLANT(frame_entry(frame)->flags,
		      (frame_entry(frame)->flags ^ FRAME_HIDDEN) | FRAME_UNKMAPPED,
		      "USER, is not hidden", "one that the variant would have unmapped");
	}
	FORCE(frame_entry(frame)->refs = 1);
	frame_put_user(frame);
}

static void plant_regions(struct as *as)
{
	struct region *region = LIST_ENTRY(as->regions.next, struct region, node);
	struct region *last = LIST_ENTRY(as->regions.previous, struct region, node);

	PLANT(region->end, READ_ONLY_AT + PAGE_SIZE, "overlaps", "regions that overlap");
	PLANT(region->start, region->end, "is empty", "an empty region");
	PLANT(last->end, USER_TOP + PAGE_SIZE, "lies beyond user space",
	      "a region of the kernel's");
	PLANT(region->entry_flags, region->entry_flags ^ PTE_WRITABLE, "gives entries other rights",
	      "a region whose entries have other rights");
	PLANT(region->denied, region->denied ^ RIGHT_WRITE, "denies first touches other rights",
	      "a region that lets a first touch write, and is read-only");
	PLANT(as->nr_regions, as->nr_regions + 1, "regions and has", "a region too few");
	PLANT(as->nr_regions, as->nr_regions - 1, "one too many", "a region too many");
}

/* All as it was, but for whose they are: regions, rights and counts agree. */
static void plant_swapped_tables(struct as *as)
{
	struct as *other;
	pte_t *entry = ptable_entry(as->root, WRITABLE_AT, 2), *others, saved = pte_read(entry);

	if (as_create(&other)) {
		ktest_skip("no memory for a second address space");
		return;
	}
	if (fill(other)) {
		ktest_skip("no memory for its pages");
		as_put(other);
		return;
	}
	others = ptable_entry(other->root, WRITABLE_AT, 2);
	as_table_forget(as);
	as_table_forget(other);
	entry_force(entry, pte_read(others));
	plant(others, saved, "is another root's", "page tables that two have exchanged");
	entry_force(entry, saved);
	as_put(other);
}

static void plant_tree(struct as *as)
{
	struct region *root, **child, *below;

	for (unsigned i = 0; i < 2 * REGIONS_WALKED; i++) {
		if (map(as, MANY_AT + i * 2 * PAGE_SIZE, PAGE_SIZE, RW, 0)) {
			ktest_skip("no memory for regions");
			return;
		}
	}
	expect_clean("with many regions");
	root = as->tree;
	child = root->left ? &root->left : &root->right;
	below = *child;
	PLANT(*child, NULL, "is not found", "regions that searches do not find");
	PLANT(as->tree, below, "is not found", "a tree that lost its root");
	PLANT(as->near, &root->node - 1, "remembers a region",
	      "a region that is remembered wrongly");
	PLANT(root->gap_max, root->gap_max + PAGE_SIZE, "of a gap", "a gap that is not there");
	PLANT(below->huge_max, below->huge_max + HUGE_SIZE, "of a gap",
	      "a large gap that is not there");
	if (as_unmap(as, (uva_t){ MANY_AT }, 4 * REGIONS_WALKED * PAGE_SIZE)) {
		ktest_skip("no memory to take the regions away");
	}
}

static void plant_as(struct as *as)
{
	PLANT(as->nr_pages, as->nr_pages + 1, "pages and has",
	      "a page that is counted and not there");
	PLANT(as->table, entry_of(as, WRITABLE_AT) - level_index(WRITABLE_AT, 1) + 512,
	      "remembers a page table", "a page table that is remembered wrongly");
	PLANT(as->tlb.root.pa, as->tlb.root.pa + 2 * PAGE_SIZE, "and CPUs load that at",
	      "another root than the one that CPUs load");
	PLANT(as->root.pfn, as->root.pfn + 1, "are no pair of roots", "a root with an odd number");
}

KTEST_SUITE(audit_user)
{
	struct as *as;
	bool has_huge;

	if (as_create(&as)) {
		ktest_skip("no memory for an address space");
		return;
	}
	if (fill(as)) {
		ktest_skip("no memory for its pages");
		as_put(as);
		return;
	}
	has_huge = map(as, HUGE_AT, HUGE_SIZE, RW, REGION_HUGE) == STATUS_OK &&
		   as_fault(as, (uva_t){ HUGE_AT }, RIGHT_WRITE) == STATUS_OK;
	expect_clean("before");
	plant_rights(as);
	plant_places(as);
	plant_frames();
	plant_regions(as);
	plant_as(as);
	plant_swapped_tables(as);
	plant_tree(as);
	if (has_huge) {
		plant_huge(as);
	} else {
		ktest_skip("no memory for a 2 MiB page");
	}
	plant_after_fork(as);
	as_put(as);
	expect_clean("afterwards");
}
