/*
 * With ptprot: calls of the gate that nothing in the kernel makes, but that an attacker might have
 * it make. Each would break what docs/gate.md says of frames and page tables.
 */
#include "core/cpu.h"
#include "ktest.h"
#include "mm/as/as.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/kspace.h"
#include "mm/frame/xpfo.h"
#include "mm/gate/operations.h"
#include "mm/pool/pool.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"
#include "task/sched/thread.h"

#define TEST_START (USER_MIN + 32 * PAGE_SIZE)
#define LARGE_AT (8 * HUGE_SIZE)
#define RIGHTS (PTE_PRESENT | PTE_USER | PTE_WRITABLE)
#define ALL_BITS (~0ul)

static bool refused(enum gate_operation operation, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return gate_enter(a, b, c, 0, d, operation) & GATE_REFUSAL;
}

static bool set_refused(const pte_t *entry, uint64_t value)
{
	return refused(GATE_ENTRY_SET, (uint64_t)entry, value, 0, 0);
}

/* These members of the frame's word become that, the others stay. */
static bool frame_refused(pfn_t frame, uint64_t members, uint64_t value)
{
	return refused(GATE_FRAMES_SET, frame.pfn, 1, ~members, value);
}

/* --- links and leaves of a user half --- */

static void forge_links(struct as *as)
{
	pte_t *leaf = ptable_entry(as->root, TEST_START, 1);
	const pte_t *link = ptable_entry(as->root, TEST_START, 2);
	const pte_t *above = ptable_entry(as->root, TEST_START, 3);
	uint64_t old = pte_read(link).value;
	struct released released = { 0 };

	ktest_ok(refused(GATE_PAGES_PARK, (uint64_t)link, 1, 0, 0), "a link is not parked");
	ktest_ok(refused(GATE_PAGES_RELEASE, (uint64_t)link, 1, 0, 0), "nor released");
	ktest_ok(set_refused(link, old | PTE_OFFERED) && set_refused(link, old & ~PTE_WRITABLE) &&
			 set_refused(link, old | PTE_NO_EXECUTE) &&
			 set_refused(link, old | 1ul << 50),
		 "nor does it change its bits");
	ktest_ok(set_refused(link, 0), "nor go while its table is in use");
	(void)pages_release(leaf, 2, false, &released);
	frames_put_released(&released);
	as->nr_pages -= 2;
	ktest_ok(set_refused(link, RIGHTS) && set_refused(link, RIGHTS | PTE_HUGE) &&
			 set_refused(link, RIGHTS | PTE_HUGE | PTE_NO_EXECUTE | HUGE_SIZE),
		 "no leaf takes an empty table's place");
	ktest_ok(set_refused(above, RIGHTS | PTE_HUGE | PTE_NO_EXECUTE), "nor one of 1 GiB");
}

static void forge_pages(const struct as *as)
{
	const pte_t *large = ptable_entry(as->root, LARGE_AT, 2);
	pte_t pte = large ? pte_read(large) : PTE_NONE;
	pfn_t head = pte_frame(pte);

	if (!pte_is_present(pte)) {
		ktest_skip("no memory for a page of 2 MiB");
		return;
	}
	ktest_ok(set_refused(large, pte.value + PAGE_SIZE) &&
			 set_refused(large, pte.value & ~PTE_HUGE),
		 "a page of 2 MiB begins with its first frame");
	ktest_ok(refused(GATE_PAGE_MAP, (uint64_t)(large + 1), pte.value, 0, 0),
		 "it has one entry");
	ktest_ok(frame_refused(pfn_add(head, 1), ALL_BITS,
			       FRAME_WORD(.owner = OWNER_FREE, .flags = FRAME_HIDDEN)),
		 "none of its other frames becomes free alone");
	ktest_ok(refused(GATE_LARGE_FREE, head.pfn, 0, 0, 0) &&
			 refused(GATE_LARGE_FREE, head.pfn + 1, 0, 0, 0),
		 "nor do all while it is mapped");
	ktest_ok(refused(GATE_LARGE_TAKE, head.pfn, 0, 0, 0) &&
			 refused(GATE_LARGE_TAKE, head.pfn + 1, 0, 0, 0) &&
			 refused(GATE_LARGE_TAKE, ALL_BITS, 0, 0, 0),
		 "and none is made of frames that are not free");
}

/* What a user's frame is. */
static void forge_user_frame(const struct as *as)
{
	const pte_t *leaf = ptable_entry(as->root, TEST_START + PAGE_SIZE, 1);
	pfn_t frame = pte_frame(pte_read(leaf));

	ktest_ok(frame_refused(frame, ALL_BITS,
			       FRAME_WORD(.owner = OWNER_FREE, .flags = FRAME_HIDDEN)),
		 "a user's frame that is mapped does not become free");
	ktest_ok(frame_refused(frame, FRAME_WORD(.refs = UINT32_MAX), 0) &&
			 frame_refused(frame, FRAME_WORD(.order = UINT8_MAX),
				       FRAME_WORD(.order = HUGE_ORDER)) &&
			 frame_refused(frame, FRAME_WORD(.flags = FRAME_FRESH | FRAME_TAIL),
				       FRAME_WORD(.flags = FRAME_FRESH)),
		 "nor do its references change, or its size, or whether it is fresh");
	ktest_ok(!xpfo_is_strict() || (frame_refused(frame, FRAME_WORD(.flags = FRAME_HIDDEN), 0) &&
				       frame_refused(frame, FRAME_WORD(.kmaps = UINT8_MAX),
						     FRAME_WORD(.kmaps = 1))),
		 "nor is it to be shown by the direct map");
	ktest_ok(set_refused(leaf, pte_read(leaf).value | 1ul << 50), "its number has 32 bits");
}

/* --- the kernel half --- */

static pte_t *kernel_entry(const void *address)
{
	return ptable_entry(kernel_root, (uint64_t)address, 1);
}

static void forge_kernel_leaves(void)
{
	uint64_t stack = thread_current()->stack.va;
	const pte_t *guard = kernel_entry((const void *)(stack - PAGE_SIZE));
	const pte_t *table = kernel_entry(frames), *mine = kernel_entry((const void *)stack);
	uint64_t rights = PTE_PRESENT | PTE_WRITABLE | ptable_nx();
	pfn_t frame = pte_frame(pte_read(mine));

	ktest_ok(guard && set_refused(guard, pte_make(frame, rights).value),
		 "what is mapped beside the direct map is mapped there once");
	ktest_ok(set_refused(guard, pte_make((pfn_t){ 0xfee00 }, rights).value) &&
			 set_refused(guard, pte_make((pfn_t){ 0 }, rights).value),
		 "no device comes to kernel space any more");
	ktest_ok(set_refused(table, pte_make(frame, rights).value) && set_refused(table, 0),
		 "the frame table stays where it is");
	ktest_ok(set_refused(mine, pte_make(pfn_add(frame, 1), rights).value),
		 "no page takes another's place");
	ktest_ok(frame_refused(frame, ALL_BITS, FRAME_WORD(.owner = OWNER_FREE)),
		 "what is mapped there does not become free");
}

/* A sealed page's place and an open one's. */
static void forge_pages_of_pools(const void *sealed, const void *open)
{
	const pte_t *shut = kernel_entry(sealed), *entry = kernel_entry(open);
	pfn_t frame = pte_frame(pte_read(shut)), other = pte_frame(pte_read(entry));
	bool is_hidden = options.pmalloc == pmalloc_full;

	ktest_ok(set_refused(shut, pte_read(shut).value | PTE_WRITABLE) &&
			 set_refused(shut, pte_read(entry).value),
		 "a sealed page is not writable, and no other one's place");
	ktest_ok(frame_refused(frame, FRAME_WORD(.flags = FRAME_SEALED), 0) &&
			 frame_refused(frame, FRAME_WORD(.flags = FRAME_MAPPED), 0) &&
			 frame_refused(frame, ALL_BITS,
				       FRAME_WORD(.owner = OWNER_FREE, .flags = FRAME_HIDDEN)),
		 "nor is its frame unsealed, or free");
	ktest_ok(!is_hidden || frame_refused(frame, FRAME_WORD(.flags = FRAME_HIDDEN), 0),
		 "nor to be shown by the direct map");
	ktest_ok(frame_refused(other, FRAME_WORD(.number = UINT32_MAX),
			       FRAME_WORD(.number = frame_entry(frame)->number)),
		 "a page of one pool does not become another's");
}

/* One that is taken for an area of a page comes nowhere else. */
static void forge_stray(const void *sealed)
{
	const pte_t *shut = kernel_entry(sealed), *behind = shut + 1;
	enum pool_alias alias =
		options.pmalloc == pmalloc_full ? POOL_ALIAS_NONE : POOL_ALIAS_STAYS;
	uint32_t area = frame_entry(pte_frame(pte_read(shut)))->number;
	pfn_t frame;

	if ((uint64_t)behind % PAGE_SIZE == 0 || frames_alloc_pool(alias, &frame, 1)) {
		ktest_skip("no memory for a page of a pool, or no place behind one");
		return;
	}
	ktest_ok(!frame_refused(frame, FRAME_WORD(.number = UINT32_MAX),
				FRAME_WORD(.number = area)) &&
			 set_refused(behind, pte_make(frame, PTE_PRESENT | ptable_nx()).value),
		 "no page comes beside the area that it was taken for");
	frame_free_pool(&frame, 1);
}

/* One processor at least has not flushed since its page could be written to. The page goes, and is
 * left as one that pool_area_unmap took away. */
static void forge_area(const void *open)
{
	const pte_t *entry = kernel_entry(open);
	pte_t pte = pte_read(entry);

	ktest_ok(!set_refused(entry, pte.value & ~PTE_WRITABLE) &&
			 refused(GATE_POOL_SEAL, (uint64_t)entry, 1, 0, 0) &&
			 !(frame_entry(pte_frame(pte))->flags & FRAME_SEALED),
		 "a page is not sealed before all processors know that it is read-only");
	ktest_ok(!set_refused(entry, 0) && set_refused(entry, pte.value),
		 "what has left an area does not come back");
	(void)set_refused(entry, pte_complement(pte).value);
}

/* Some processor may still look into a table that has just been unlinked. */
static void forge_unlinked(uint64_t unused)
{
	pte_t *entry;
	const pte_t *link;
	pfn_t table;

	if (ptable_entry_create(kernel_root, unused, 1, &entry) ||
	    !ptable_detach(kernel_root, unused, &table)) {
		ktest_skip("no memory for a page table, or no place");
		return;
	}
	link = ptable_entry(kernel_root, unused, 2);
	ktest_ok(refused(GATE_TABLE_LINK, (uint64_t)link, table.pfn, 0, 0) &&
			 frame_refused(table, ALL_BITS, FRAME_WORD(.owner = OWNER_FREE)),
		 "a table that has left the kernel half waits");
	ktlb_shootdown_sync((va_t){ unused }, 1);
	ptable_table_free(table);
}

static void forge_pools(void)
{
	const struct pool *shut, *open;
	void *sealed, *object;

	if (options.pmalloc == pmalloc_off) {
		return;
	}
	if (pmalloc_create_pool("forged", POOL_RO, PAGE_SIZE, 0, &shut) ||
	    pmalloc(shut, 64, &sealed) || pmalloc_protect_pool(shut) ||
	    pmalloc_create_pool("forger", POOL_RO, PAGE_SIZE, 0, &open) ||
	    pmalloc(open, 64, &object)) {
		ktest_skip("no memory for pools");
		return;
	}
	forge_pages_of_pools(sealed, object);
	forge_stray(sealed);
	forge_unlinked(align_down((uint64_t)object, HUGE_SIZE) + HUGE_SIZE);
	ktest_ok(set_refused(kernel_entry(shut), 0), "where descriptors are they stay");
	forge_area(object);
	(void)!pmalloc_destroy_pool(open);
	(void)!pmalloc_destroy_pool(shut);
}

/* --- page tables --- */

static void forge_tables(const struct as *as)
{
	pfn_t root = as->root, table;
	const pte_t *empty = ptable_entry(root, TEST_START + 4 * HUGE_SIZE, 2);

	ktest_ok(refused(GATE_ROOT_END, root.pfn, 0, 0, 0) &&
			 refused(GATE_ROOT_CHANGE, root.pfn, ROOT_NEW | 1ul << 32, 0, 0) &&
			 frame_refused(root, ALL_BITS, FRAME_WORD(.owner = OWNER_PTABLE)),
		 "a root that is in use stays one");
	ktest_ok(refused(GATE_ROOT_MAKE, root.pfn, 0, 0, 0) &&
			 refused(GATE_TABLES_CLEAR, root.pfn, 1, 0, 0),
		 "it is not made anew, nor cleared");
	if (frame_alloc_kernel(OWNER_KERNEL, 0, &table)) {
		ktest_skip("no memory for a frame");
		return;
	}
	ktest_ok(frame_refused(table, ALL_BITS, FRAME_WORD(.owner = OWNER_PTABLE)),
		 "between two owners a frame is free");
	frame_transition(table, 0, OWNER_KERNEL, OWNER_FREE);
	ktest_ok(frame_refused(table, ALL_BITS,
			       FRAME_WORD(.owner = OWNER_PTABLE, .flags = TABLE_CLEAN)) &&
			 frame_refused(table, ALL_BITS,
				       FRAME_WORD(.owner = OWNER_PTABLE,
						  .flags = LEVEL_MAX | TABLE_LINKED | ROOT_NEW)),
		 "no frame begins as a clean page table, or as a root");
	frame_transition(table, 0, OWNER_FREE, OWNER_PTABLE);
	ktest_ok(empty && refused(GATE_TABLE_LINK, (uint64_t)empty, table.pfn, 0, 0),
		 "one that the direct map still writes to gets no place");
	ktest_ok(refused(GATE_TABLES_CLEAR, table.pfn, 1, 0, 0), "nor is it cleared");
	frame_transition(table, 0, OWNER_PTABLE, OWNER_FREE);
	frame_transition(table, 0, OWNER_FREE, OWNER_KERNEL);
	frame_free_kernel(table, 0);
}

static void forge_holds(pfn_t root)
{
	ktest_ok(refused(GATE_FRAME_HOLD, 0, 0, 0, 0), "nobody lets go of what he does not hold");
	ktest_ok(refused(GATE_FRAME_HOLD, root.pfn, 0, 0, 0), "or holds a page table");
}

static bool make(struct as **as)
{
	uva_t at;

	if (as_create(as)) {
		return false;
	}
	if (as_map(*as, AS_MAP_FIXED, TEST_START, 2 * PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0,
		   &at) ||
	    as_map(*as, AS_MAP_FIXED, LARGE_AT, HUGE_SIZE, RIGHT_READ | RIGHT_WRITE, REGION_HUGE,
		   &at) ||
	    as_fault(*as, (uva_t){ TEST_START }, RIGHT_WRITE) ||
	    as_fault(*as, (uva_t){ TEST_START + PAGE_SIZE }, RIGHT_WRITE)) {
		as_put(*as);
		return false;
	}
	(void)!as_fault(*as, (uva_t){ LARGE_AT }, RIGHT_WRITE);
	return true;
}

KTEST_SUITE(gate_forged)
{
	struct as *as;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	if (!make(&as)) {
		ktest_skip("no memory for an address space");
		return;
	}
	forge_pages(as);
	forge_user_frame(as);
	forge_kernel_leaves();
	forge_pools();
	forge_tables(as);
	forge_holds(as->root);
	forge_links(as);
	as_put(as);
}
