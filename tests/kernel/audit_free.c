/* The auditor sees a frame that is free nowhere, or twice, or not empty, and books that do not
 * count what is there. */
#include "audit_plant.h"
#include "core/cpu.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/tlb/tlb.h"

enum { NR_TAKEN = FRAME_CACHE_MAX + 16 };

/* The first block of the free lists of a kind, the smallest there are. False: there is none. */
static bool find_block(enum free_kind kind, unsigned order_min, pfn_t *out)
{
	for (unsigned order = order_min; order < NR_BUDDY_ORDERS; order++) {
		if (frame_pool.buddy.heads[kind][order] != FRAME_LINK_NONE) {
			out->pfn = frame_pool.buddy.heads[kind][order];
			return true;
		}
	}
	return false;
}

/* Frames that were user space's: the CPU's cache is full of them afterwards, and lists have some.
 */
static bool free_some(void)
{
	static pfn_t taken[NR_TAKEN];
	unsigned nr = 0;

	while (nr < NR_TAKEN && frame_alloc_user(&taken[nr]) == STATUS_OK) {
		nr++;
	}
	for (unsigned i = 0; i < nr; i++) {
		frame_put_user(taken[i]);
	}
	return nr == NR_TAKEN;
}

static void plant_byte(pfn_t frame, const char *what)
{
	if (!(frame_entry(frame)->flags & FRAME_HIDDEN) || !xpfo_hidden_is_clean()) {
		ktest_skip("no frame is hidden and zero");
		return;
	}
	window_store(frame, PAGE_SIZE - 1, 1, 1);
	expect_violation("FREE_HIDDEN, is not zero", what);
	window_store(frame, PAGE_SIZE - 1, 0, 1);
	window_store(frame, 0, 1, 1);
	expect_violation("FREE_HIDDEN, is not zero", "its first byte, too");
	window_store(frame, 0, 0, 1);
}

/* The last of all that are looked at, with two numbers of them: they are looked at in batches. */
static void plant_in_cache(void)
{
	struct cpu *cpu = this_cpu();
	pfn_t taken;

	plant_byte(cpu->frame_cache[cpu->nr_frame_cache - 1],
		   "a hidden frame in a cache that is not zero");
	if (frame_alloc_user(&taken)) {
		ktest_skip("no memory for a frame");
		return;
	}
	plant_byte(cpu->frame_cache[cpu->nr_frame_cache - 1], "one less, and the last");
	frame_put_user(taken);
}

static void plant_in_links(pfn_t first)
{
	struct frame_link *link = frame_link(first), changed = *link;

	changed.next = first.pfn;
	PLANT(*link, changed, "is free twice, once in the free lists",
	      "a free list that leads back into itself");
	changed = *link;
	changed.prev = first.pfn;
	PLANT(*link, changed, "does not belong where it is linked",
	      "a block that is linked in one direction alone");
	changed = *link;
	changed.order++;
	PLANT(*link, changed, "does not belong where it is linked",
	      "a block in the list of another order");
	changed = *link;
	changed.is_head = false;
	PLANT(*link, changed, "does not belong where it is linked",
	      "a block on a list that does not say so");
}

static void plant_in_list(pfn_t first)
{
	struct frame *frame = frame_entry(first);
	struct cpu *cpu = this_cpu();
	uint32_t *head = &frame_pool.buddy.heads[FREE_REVEALED][frame_link(first)->order];
	pfn_t hidden;

	plant_in_links(first);
	PLANT(frame->flags, frame->flags | FRAME_SLAB, "is not free, or of another kind",
	      "a frame of a slab on a free list");
	PLANT(*head, (uint32_t)align_up(nr_frames, 1u << BUDDY_ORDER_MAX),
	      "and is not free, or of another kind", "a list that leads out of memory");
	if (find_block(FREE_HIDDEN, 0, &hidden)) {
		head = &frame_pool.buddy.heads[FREE_REVEALED][frame_link(hidden)->order];
		PLANT(*head, hidden.pfn, "is not free, or of another kind",
		      "a hidden block on a list of revealed ones");
	}
	PLANT(frame->owner, OWNER_KERNEL, "and is not free, or of another kind",
	      "a frame of the kernel on a free list");
	PLANT(cpu->frame_cache[0], first, "a CPU's cache", "a free list's block in a CPU's cache");
}

/* Two buddies of one kind and order: one of them would not be found when the other comes back. */
static void plant_buddies(void)
{
	struct buddy *buddy = &frame_pool.buddy;
	uint32_t *lists = buddy->heads[FREE_REVEALED], first, next;
	struct frame_link *block, *half;
	unsigned order = 1;
	pfn_t found;

	if (!find_block(FREE_REVEALED, order, &found)) {
		ktest_skip("all free blocks are of order 0");
		return;
	}
	first = found.pfn;
	block = frame_link(found);
	order = block->order - 1;
	half = block + (1u << order);
	next = block->next;
	lists[order + 1] = next;
	if (next != FRAME_LINK_NONE) {
		frame_links[next].prev = FRAME_LINK_NONE;
	}
	block->order = half->order = order;
	half->is_head = true;
	half->prev = first;
	half->next = lists[order];
	block->next = first + (1u << order);
	if (half->next != FRAME_LINK_NONE) {
		frame_links[half->next].prev = block->next;
	}
	lists[order] = first;
	expect_violation("did not merge", "two buddies beside each other");
	lists[order] = half->next;
	if (half->next != FRAME_LINK_NONE) {
		frame_links[half->next].prev = FRAME_LINK_NONE;
	}
	*half = (struct frame_link){ 0 };
	block->order = order + 1;
	block->next = next;
	if (next != FRAME_LINK_NONE) {
		frame_links[next].prev = first;
	}
	lists[order + 1] = first;
	expect_clean("with one block again");
}

static void plant_in_block(pfn_t first)
{
	struct frame *frame = frame_entry(first);
	unsigned order = frame_link(first)->order;
	struct frame *last = frame + (1u << order) - 1;

	PLANT(last->owner, OWNER_KERNEL, "is not free, or of another kind",
	      "a frame of the kernel at the end of a free block");
	PLANT(last->flags, FRAME_SLAB, "is not free, or of another kind",
	      "a frame of a slab at the end of a free block");
	PLANT(frame_pool.buddy.heads[FREE_REVEALED][order], first.pfn + 1, "no block of order",
	      "a block that begins in the middle of one");
}

static void plant_in_places(void)
{
	struct cpu *cpu = this_cpu();
	struct quarantine *quarantine = &frame_pool.quarantine;
	unsigned at = (quarantine->first + quarantine->nr) % QUARANTINE_MAX;
	pfn_t cached = cpu->frame_cache[0];

	PLANT(cpu->frame_cache[1], cached, "is free twice, once in a CPU's cache",
	      "a frame that is twice in a cache");
	PLANT(cpu->frame_cache[0], pfn_add(cached, nr_frames), "in a CPU's cache, and is not free",
	      "what is no frame in a cache");
	PLANT(frame_pool.buddy.nr_free[FREE_REVEALED], frame_pool.buddy.nr_free[FREE_REVEALED] + 1,
	      "the free lists: ", "free frames that are counted and not there");
	PLANT(frame_pool.buddy.nr_free[FREE_HIDDEN], frame_pool.buddy.nr_free[FREE_HIDDEN] - 1,
	      "the free lists of hidden frames: ", "a hidden frame that is not counted");
	PLANT(frame_pool.buddy.nr_free_in[cached.pfn / RANGE_FRAMES],
	      frame_pool.buddy.nr_free_in[cached.pfn / RANGE_FRAMES] + 1, "free frames of range",
	      "a free frame of 2 MiB that is counted and not there");
	PLANT(frame_pool.buddy.nr_free_in[0], frame_pool.buddy.nr_free_in[0] - 1,
	      "free frames of range 0", "a free frame of the first 2 MiB that is not counted");
	PLANT(frame_pool.buddy.nr_free_in[buddy_nr_ranges() - 1],
	      frame_pool.buddy.nr_free_in[buddy_nr_ranges() - 1] ^ 1, "free frames of range",
	      "a free frame of the last 2 MiB that is not counted");
	PLANT(quarantine->nr_frames, quarantine->nr_frames + 1,
	      "the quarantine: ", "a frame that is counted in the quarantine and not there");
	if (!(frame_entry(cached)->flags & FRAME_HIDDEN) || quarantine_is_full(quarantine)) {
		ktest_skip("the quarantine has no room, or is not for frames like these");
		return;
	}
	quarantine->blocks[at] = (struct quarantine_block){ cached, 0, ktlb_generation() };
	quarantine->nr_frames++;
	PLANT(quarantine->nr, quarantine->nr + 1, "is free twice, once in a CPU's cache",
	      "a frame in the quarantine and in a cache");
	quarantine->blocks[at].generation = ktlb_generation() + 1;
	PLANT(quarantine->nr, quarantine->nr + 1, "waits for a generation",
	      "a block that waits for a generation to come");
	quarantine->blocks[at].generation = 0;
	PLANT(quarantine->nr, quarantine->nr + 1, "waits for a generation",
	      "a block that waits for nothing");
	quarantine->blocks[at].generation = ktlb_generation();
	quarantine->blocks[at].order = BUDDY_ORDER_MAX + 1;
	PLANT(quarantine->nr, quarantine->nr + 1, "the quarantine: no block of order 11",
	      "a block that is too large");
	quarantine->nr_frames--;
}

/* A frame on its way from one owner to another that never arrives. */
static void plant_lost(void)
{
	pfn_t frame;

	if (frame_alloc_kernel(OWNER_KERNEL, 0, &frame)) {
		ktest_skip("no memory for a frame");
		return;
	}
	frame_transition(frame, 0, OWNER_KERNEL, OWNER_FREE);
	frame_pool_count(OWNER_KERNEL, -1);
	expect_violation("is free and in no place where it can be had", "a frame that was lost");
	frame_transition(frame, 0, OWNER_FREE, OWNER_PTABLE);
	frame_pool_count(OWNER_PTABLE, 1);
	if (gate_in_force != ptprot_off) {
		direct_map_guard(frame);
		ktlb_wait(ktlb_downgrade());
	}
	expect_violation("is a page table that nothing leads to", "a page table that was lost");
	frame_transition(frame, 0, OWNER_PTABLE, OWNER_FREE);
	block_unguard(frame, 0);
	frame_transition(frame, 0, OWNER_FREE, OWNER_KERNEL);
	frame_pool_count(OWNER_PTABLE, -1);
	frame_pool_count(OWNER_KERNEL, 1);
	PLANT(frame_entry(frame)->owner, OWNER_ENTRY, "is not in the entry area",
	      "a frame of the entry area that was lost");
	PLANT(frames[0].owner, NR_OWNERS, "has no owner", "a frame of an owner that there is not");
	PLANT(frame_entry(frame)->flags, FRAME_TAIL, "has flags of another owner's",
	      "a frame of the kernel that is the tail of a page");
	PLANT(frames[0].refs, 1, "counts references that it cannot have",
	      "a reserved frame that counts references");
	frame_free_kernel(frame, 0);
}

/* What is believed of a frame when it is copied, or given back. */
static void plant_in_allocations(void)
{
	pfn_t first, image = pa_to_pfn((pa_t){ LOAD_BASE });
	struct frame *frame;

	if (frame_alloc_copied(1, &first)) {
		ktest_skip("no memory for two frames");
		return;
	}
	frame = frame_entry(first);
	PLANT(frame[1].number, first.pfn + 1, "does not agree with its allocation",
	      "a frame that begins an allocation of its own");
	PLANT(frame[0].number, first.pfn - 1, "does not agree with its allocation",
	      "a frame of somebody else's allocation");
	PLANT(frame[0].order, 0, "does not agree with its allocation",
	      "an allocation that is shorter");
	PLANT(frame[0].order, 2, "does not agree with its allocation",
	      "an allocation that is longer");
	PLANT(frame[1].flags, 0, "does not agree with its allocation",
	      "a frame of an allocation for copies that is not");
	PLANT(frame[0].flags, 0, "does not agree with its allocation",
	      "a frame for copies of an allocation that is not");
	PLANT(frame[0].kmaps, 1, "is held by xpfo_kmap", "a frame of the kernel held by xpfo_kmap");
	PLANT(frame_entry(image)->kmaps, 1, "is held by xpfo_kmap", "kernel text so held");
	PLANT(frame_entry(image)->owner, OWNER_KERNEL, "is of the image",
	      "kernel text that is somebody's");
	frame_free_kernel(first, 1);
}

static void plant_in_books(void)
{
	static const char *const words[] = { [OWNER_KERNEL] = "KERNEL: ",
					     [OWNER_PTABLE] = "PTABLE: ",
					     [OWNER_ENTRY] = "ENTRY: ",
					     [OWNER_POOL] = "POOL: " };
	uint64_t *counters = this_cpu()->counters;

	for (enum owner owner = 0; owner < ARRAY_SIZE(words); owner++) {
		if (words[owner]) {
			PLANT(frame_pool.nr_owned[owner], frame_pool.nr_owned[owner] + 1,
			      words[owner], "frames that the books have and the table has not");
		}
	}
	PLANT(counters[COUNTER_frames_allocated_user], counters[COUNTER_frames_allocated_user] + 1,
	      "USER: ", "a user frame that the books have and the table has not");
	PLANT(frame_pool.nr_in_work, 1,
	      "free frames in hand: ", "a frame that a CPU has in hand while none works");
	PLANT(frame_pool.nr_usable, frame_pool.nr_usable + 1,
	      "all that can be used: ", "a frame that was lost from the table");
}

KTEST_SUITE(audit_free)
{
	pfn_t first;

	if (!free_some()) {
		ktest_skip("no memory for frames");
		return;
	}
	expect_clean("before");
	if (this_cpu()->nr_frame_cache > 1) {
		plant_in_cache();
		plant_in_places();
	} else {
		ktest_skip("this variant has no caches");
	}
	if (find_block(FREE_HIDDEN, 0, &first)) {
		plant_byte(first, "a hidden frame on a list that is not zero");
	}
	if (find_block(FREE_REVEALED, 0, &first) && this_cpu()->nr_frame_cache) {
		plant_in_list(first);
	}
	if (find_block(FREE_REVEALED, 1, &first)) {
		plant_in_block(first);
	}
	plant_lost();
	plant_buddies();
	plant_in_allocations();
	plant_in_books();
	expect_clean("afterwards");
}
