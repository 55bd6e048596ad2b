/*
 * With ptprot: leaves of the kernel half, and the pages of pools from the first mapping to the
 * sealing. An area is begun here, gets a page of its own, which is sealed, and goes.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/pool/pool.h"
#include "mm/tlb/tlb.h"

static enum gate_refusal set(const pte_t *entry, uint64_t value)
{
	return asked(GATE_ENTRY_SET, entry, value, 0, 0);
}

static enum gate_refusal sealed(const pte_t *entry, uint64_t nr)
{
	return asked(GATE_POOL_SEAL, entry, nr, 0, 0);
}

static uint64_t shown(pfn_t frame, bool is_writable)
{
	return pte_make(frame, PTE_PRESENT | ptable_nx() | (is_writable ? PTE_WRITABLE : 0)).value;
}

/* --- the direct map --- */

/* Of a frame of the kernel's. */
static void set_rights(pfn_t frame)
{
	const pte_t *entry = direct_map_entry(frame);
	uint64_t old = pte_read(entry).value;

	ktest_ok(set(entry, old | PTE_USER) == GATE_NOT_FOR_IT,
		 "user mode gets no page of the kernel");
	ktest_ok(set(entry, old | PTE_GLOBAL) == GATE_NOT_FOR_IT &&
			 set(entry, old | 1ul << 44) == GATE_NOT_FOR_IT,
		 "nor is one global, or of a frame that there is not");
	ktest_ok(!ptable_nx() || set(entry, old & ~PTE_NO_EXECUTE) == GATE_NOT_FOR_IT,
		 "nor does it run");
	ktest_ok(set(entry, shown(pfn_add(frame, 1), false)) == GATE_NOT_FOR_IT,
		 "nor does another frame take its place");
}

/* Of a user's frame, a page table's, and where the kernel's own is. */
static void set_frames(const struct as *as, pfn_t kernels)
{
	pfn_t table = as->root, user = pte_frame(pte_read(ptable_entry(as->root, TEST_START, 1)));
	const pte_t *entry = direct_map_entry(table), *hidden = direct_map_entry(user);

	ktest_ok(set(entry, direct_map_pte(table).value) == GATE_NOT_FOR_IT,
		 "no page table may be written by all");
	if (!hidden || pte_read(hidden).value) {
		ktest_skip("users' frames are in the direct map");
		return;
	}
	ktest_ok(set(hidden, direct_map_pte(user).value) == GATE_NOT_FOR_IT &&
			 set(hidden, shown(user, false)) == GATE_NOT_FOR_IT,
		 "a user's frame is not shown");
	ktest_ok(set(hidden, direct_map_pte(kernels).value) == GATE_NOT_FOR_IT,
		 "nor does its address show another");
}

/* Runs of entries. */
static void fill(const struct as *as, pfn_t kernels)
{
	const pte_t *table = direct_map_entry((pfn_t){ kernels.pfn & ~511u });
	const pte_t *last = table + PTES_PER_TABLE - 1;
	const pte_t *leaf = ptable_entry(as->root, TEST_START, 1);
	const pte_t *link = ptable_entry(kernel_root, direct_map_base, 2);
	const pte_t *top = ptable_entry(kernel_root, direct_map_base, LEVEL_MAX);

	ktest_ok(asked(GATE_ENTRIES_FILL, last, 2, pte_read(last).value, 0) == GATE_NO_TABLE &&
			 asked(GATE_ENTRIES_FILL, table, ~0ul, 0, 0) == GATE_NO_TABLE &&
			 asked(GATE_ENTRIES_FILL, table, 0, 0, 0) == GATE_NO_TABLE,
		 "no run leaves its table");
	ktest_ok(asked(GATE_ENTRIES_FILL, leaf, 2, pte_read(leaf).value, 0) == GATE_NO_TABLE &&
			 asked(GATE_ENTRIES_FILL, link, 2, pte_read(link).value, 0) ==
				 GATE_NO_TABLE,
		 "nor is there one in a user half, or of links");
	ktest_ok(set(top, 0) == GATE_NO_TABLE, "the top of the kernel half stays");
}

/* --- pages of pools --- */

/* The first page of a pool that the entry area has, too. NULL: there is none. */
static const pte_t *placed(void)
{
	FOR_EACH_FRAME (i) {
		const struct frame *frame = &frames[i];
		const union pool_slot *area;

		if (frame->owner != OWNER_POOL || !(frame->flags & FRAME_PLACED)) {
			continue;
		}
		area = pool_slot(frame->number, SLOT_AREA);
		for (uint64_t at = 0; area && at < area->area.len_bytes; at += PAGE_SIZE) {
			const pte_t *entry = ptable_entry(kernel_root, area->area.base + at, 1);

			if (entry && pte_frame(pte_read(entry)).pfn == i) {
				return entry;
			}
		}
	}
	return NULL;
}

/* A page of no area yet. `entry` is its place in one, `slots` where more descriptors would be. */
static void map_stray(const pte_t *entry, pfn_t frame, slot_id id)
{
	uint64_t added = POOL_SLOTS_START + pool_header()->nr_slots * sizeof(union pool_slot);
	const pte_t *slots = ptable_entry(kernel_root, added, 1);

	ktest_ok(set(entry, shown(frame, false)) == GATE_NOT_FOR_IT,
		 "a page of no area comes to none");
	ktest_ok(set(slots, shown(frame, false)) == GATE_NOT_FOR_IT, "nor where descriptors are");
	frames_number(frame, 1, id);
	ktest_ok(set(slots, shown(frame, false)) == GATE_NOT_FOR_IT, "nor does one of an area");
	ktest_ok(set(entry, pte_make(frame, PTE_PRESENT | PTE_WRITABLE).value) == GATE_NOT_FOR_IT,
		 "nor does it run");
}

/* Of descriptors: read-only from the start. */
static void map_slots(void)
{
	uint64_t added = POOL_SLOTS_START + pool_header()->nr_slots * sizeof(union pool_slot);
	const pte_t *slots = ptable_entry(kernel_root, added, 1);
	pfn_t frame;

	if (frames_alloc_pool(POOL_ALIAS_NONE, &frame, 1)) {
		ktest_skip("no frame for a pool");
		return;
	}
	frames_number(frame, 1, 0);
	ktest_ok(set(slots, shown(frame, true)) == GATE_NOT_FOR_IT,
		 "nobody writes to descriptors but through the gate");
	frame_free_pool(&frame, 1);
}

static void seal_others(const struct as *as, const pte_t *entry, pfn_t frame)
{
	uint64_t at = (uint64_t)entry;
	const pte_t *last = (const pte_t *)(align_down(at, PAGE_SIZE) + PAGE_SIZE) - 1;
	const pte_t *link = ptable_entry(kernel_root, POOL_AREAS_START, 2);

	ktest_ok(sealed(ptable_entry(as->root, TEST_START, 1), 1) == GATE_NO_TABLE &&
			 sealed(direct_map_entry(frame), 1) == GATE_NO_TABLE,
		 "only where pools are something is sealed");
	ktest_ok(sealed(link, 1) == GATE_NO_TABLE, "and no page table");
	ktest_ok(sealed(entry + 1, 1) == GATE_NOT_FOR_IT, "nor what is not there");
	ktest_ok(sealed(entry, RELEASED_MAX + 1) == GATE_NO_TABLE &&
			 sealed(last, 2) == GATE_NO_TABLE,
		 "no run is too long, or leaves its table");
}

/* Its place in an area that has not got all its pages. */
static void seal(const struct as *as, const pte_t *entry, pfn_t frame, pfn_t other)
{
	ktest_ok(set(entry, shown(frame, true)) == GATE_DONE &&
			 frame_entry(frame)->flags & FRAME_MAPPED,
		 "a page comes to its area");
	ktest_ok(set(entry, shown(other, true)) == GATE_NOT_FOR_IT, "and no other takes its place");
	seal_others(as, entry, frame);
	while (sealed(entry, 1) == GATE_NOT_YET) {
		ktlb_wait(ktlb_downgrade());
	}
	ktest_ok(frame_entry(frame)->flags & FRAME_SEALED && !pte_is_writable(pte_read(entry)),
		 "it is sealed, and read-only");
	ktest_ok(set(entry, shown(frame, true)) == GATE_NOT_FOR_IT, "it is not writable again");
	ktest_ok(set(entry, 0) == GATE_DONE && !(frame_entry(frame)->flags & FRAME_MAPPED),
		 "it goes");
	ktest_ok(set(entry, shown(frame, false)) == GATE_IN_USE,
		 "what was sealed is mapped no more");
}

/* One page long, behind all others, and on no list. pool_lock is held. */
static bool area_begin(const struct pool *pool, union pool_slot *area)
{
	struct pool_header header;
	slot_id id;

	if (pool_slot_take(&id)) {
		return false;
	}
	header = *pool_header();
	*area = (union pool_slot){ .area = { .kind = SLOT_AREA,
					     .id = id,
					     .pool = pool->id,
					     .next = pool->first_area,
					     .base = header.next_address,
					     .len_bytes = PAGE_SIZE } };
	header.next_address += 2 * PAGE_SIZE;
	pool_header_write(&header);
	pool_slot_write(id, area);
	return true;
}

static void table_go(uint64_t address)
{
	pfn_t table;

	ktlb_wait(ktlb_downgrade());
	if (ptable_detach(kernel_root, address, &table)) {
		ktlb_shootdown_sync((va_t){ address }, 1);
		ptable_table_free(table);
	}
}

static void try_area(const struct as *as, const struct pool *pool)
{
	union pool_slot area;
	pte_t *entry;
	pfn_t taken[2];

	if (frames_alloc_pool(POOL_ALIAS_NONE, taken, ARRAY_SIZE(taken))) {
		ktest_skip("no frames for a pool");
		return;
	}
	lock_acquire(&pool_lock);
	if (area_begin(pool, &area)) {
		if (ptable_entry_create(kernel_root, area.area.base, 1, &entry) == STATUS_OK) {
			map_stray(entry, taken[0], area.area.id);
			frames_number(taken[1], 1, area.area.id);
			seal(as, entry, taken[0], taken[1]);
			table_go(area.area.base);
		}
		pool_slot_give(area.area.id);
	}
	lock_release(&pool_lock);
	frame_free_pool(taken, ARRAY_SIZE(taken));
}

static void try_pools(const struct as *as)
{
	const pte_t *entry = placed();
	const struct pool *pool;
	void *object;

	if (options.pmalloc != pmalloc_full ||
	    pmalloc_create_pool("shut", POOL_RO, PAGE_SIZE, 0, &pool) ||
	    pmalloc(pool, 64, &object)) {
		ktest_skip("no pool, or none that is hidden");
		return;
	}
	if (entry) {
		ktest_ok(set(entry, 0) == GATE_NOT_FOR_IT,
			 "what the entry area has of a pool stays in its area");
	}
	map_slots();
	try_area(as, pool);
	(void)!pmalloc_destroy_pool(pool);
}

KTEST_SUITE(gate_kernel)
{
	struct as *as;
	pfn_t frame;

	if (gate_in_force == ptprot_off || options.directmap == directmap_2m ||
	    options.physmap == physmap_rwx) {
		ktest_skip("there is no gate, or a direct map that is not of 4 KiB, or may run");
		return;
	}
	if (!space_make(&as, 1, 1)) {
		ktest_skip("no memory for an address space");
		return;
	}
	if (frame_alloc_kernel(OWNER_KERNEL, 0, &frame) == STATUS_OK) {
		set_rights(frame);
		set_frames(as, frame);
		fill(as, frame);
		frame_free_kernel(frame, 0);
	}
	try_pools(as);
	as_put(as);
}
