/* What two address spaces show: nothing in common, until an entry of one is that of the other. */
#include "mm/as/user_pages.h"

#include "force.h"
#include "ktest.h"
#include "mm/as/as.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "task/authority/credentials.h"
#include "task/process/process.h"

enum { NR_PAGES = 3, NR_LOOPS = 64 };
#define SMALL_AT (USER_MIN + 16 * PAGE_SIZE)
#define LARGE_AT (8 * HUGE_SIZE)

static unsigned nr_pauses;
static void count_pauses(void) { nr_pauses++; }

static bool is_frame(pfn_t frame, void *argument)
{
	return frame.pfn == ((const pfn_t *)argument)->pfn;
}

static bool shows(const struct as *as, pfn_t frame)
{
	return user_pages_walk(as->root, is_frame, &frame, NULL);
}

static bool count(pfn_t frame, void *nr)
{
	(void)frame;
	++*(unsigned *)nr;
	return false;
}

static unsigned nr_shown(const struct as *as)
{
	unsigned nr = 0;

	(void)user_pages_walk(as->root, count, &nr, count_pauses);
	return nr;
}

static pte_t *entry_of(const struct as *as, uint64_t at) { return ptable_entry(as->root, at, 1); }

/* Pages of 4 KiB, all there. */
static status_t create(struct as **out)
{
	status_t status = as_create(out);
	uva_t at;

	if (status) {
		return status;
	}
	status = as_map(*out, AS_MAP_FIXED, SMALL_AT, NR_PAGES * PAGE_SIZE,
			RIGHT_READ | RIGHT_WRITE, 0, &at);
	for (unsigned i = 0; i < NR_PAGES && status == STATUS_OK; i++) {
		status = as_fault(*out, (uva_t){ SMALL_AT + i * PAGE_SIZE }, RIGHT_WRITE);
	}
	if (status) {
		as_put(*out);
	}
	return status;
}

static bool have_common_page(const struct as *one, const struct as *other)
{
	bool have = false;

	for (unsigned i = 0; i < NR_PAGES; i++) {
		have |= shows(one, pte_frame(pte_read(entry_of(other, SMALL_AT + i * PAGE_SIZE))));
	}
	return have;
}

/* Nobody uses the address spaces, so no TLB has the entries. */
static void check_forged(const struct as *one, const struct as *other)
{
	pte_t *entry = entry_of(one, SMALL_AT + PAGE_SIZE);
	pte_t own = pte_read(entry), theirs = pte_read(entry_of(other, SMALL_AT));
	pte_t *slot = ptable_entry(one->root, LARGE_AT, LEVEL_MAX);
	pte_t *shadow_slot = ptable_entry(pfn_add(one->root, 1), LARGE_AT, LEVEL_MAX);
	pte_t before = pte_read(slot);

	FORCE(*(volatile uint64_t *)entry = theirs.value);
	ktest_ok(have_common_page(one, other), "an entry that is another's shows its frame");
	FORCE(*(volatile uint64_t *)entry = theirs.value & ~(uint64_t)PTE_PRESENT);
	ktest_ok(!have_common_page(one, other), "but not if it is not present");
	FORCE(*(volatile uint64_t *)entry = theirs.value & ~(uint64_t)PTE_USER);
	ktest_ok(!have_common_page(one, other), "nor if user mode may not use it");
	FORCE(*(volatile uint64_t *)entry = own.value);
	FORCE(*(volatile uint64_t *)shadow_slot =
		      pte_read(ptable_entry(other->root, LARGE_AT, LEVEL_MAX)).value);
	ktest_ok(have_common_page(one, other), "what the shadow root alone shows counts, too");
	FORCE(*(volatile uint64_t *)shadow_slot = before.value & ~(uint64_t)PTE_NO_EXECUTE);
	ktest_ok(!have_common_page(one, other), "it is as it was");
}

/* A page of its own that it filled as a page table: no TLB has it, and it is hidden. */
static void check_forged_table(const struct as *one, const struct as *other)
{
	pte_t theirs = pte_read(entry_of(other, SMALL_AT));
	pfn_t own = pte_frame(pte_read(entry_of(one, SMALL_AT)));
	pte_t *slot = ptable_entry(one->root, SMALL_AT, 2) + 1;
	pte_t before = pte_read(slot);

	window_store(own, 0, theirs.value, sizeof(theirs));
	FORCE(*(volatile uint64_t *)slot = pte_make(own, PTE_PRESENT | PTE_USER).value);
	ktest_ok(have_common_page(one, other) ==
			 (gate_in_force == ptprot_off || direct_map_has(own)),
		 "a page that serves as a table shows frames, where no gate forbids that");
	FORCE(*(volatile uint64_t *)slot = before.value);
	window_store(own, 0, 0, sizeof(theirs));
}

/* The root, again and again. */
static void check_endless(const struct as *as)
{
	pte_t *slot = ptable_entry(as->root, LARGE_AT, LEVEL_MAX);
	pte_t before = pte_read(slot);
	unsigned nr = 0;

	for (unsigned i = 1; i < NR_LOOPS; i++) {
		FORCE(*(volatile uint64_t *)(slot + i) =
			      pte_make(as->root, PTE_PRESENT | PTE_USER | PTE_WRITABLE).value);
	}
	ktest_ok(user_pages_walk(as->root, count, &nr, NULL) && nr < 4 * nr_frames,
		 "a walk through tables without end has one");
	for (unsigned i = 1; i < NR_LOOPS; i++) {
		FORCE(*(volatile uint64_t *)(slot + i) = PTE_NONE.value);
	}
	ktest_ok(pte_read(slot).value == before.value, "it is as it was");
}

/* A page of 2 MiB is 512 frames. */
static void check_large(struct as *as)
{
	unsigned nr = nr_shown(as);
	uva_t at;

	if (as_map(as, AS_MAP_FIXED, LARGE_AT, HUGE_SIZE, RIGHT_READ | RIGHT_WRITE, REGION_HUGE,
		   &at) ||
	    as_fault(as, (uva_t){ LARGE_AT }, RIGHT_WRITE)) {
		ktest_skip("no page of 2 MiB");
		return;
	}
	nr_pauses = 0;
	ktest_ok(nr_shown(as) == nr + PTES_PER_TABLE, "a page of 2 MiB counts as its frames");
	ktest_ok(nr_pauses >= 4, "there is a pause after each table, and each large page");
	ktest_ok(!shows(as, (pfn_t){ 0 }) &&
			 !user_pages_walk((pfn_t){ nr_frames }, count, &nr, NULL),
		 "a root that is none shows nothing");
}

KTEST_SUITE(user_pages)
{
	struct as *one, *other;

	if (create(&one)) {
		ktest_skip("no memory for address spaces");
		return;
	}
	if (create(&other)) {
		as_put(one);
		ktest_skip("no memory for address spaces");
		return;
	}
	ktest_ok(nr_shown(one) == NR_PAGES, "each page that is there is visited once");
	ktest_ok(!have_common_page(one, other), "two address spaces have none in common");
	check_forged(one, other);
	check_forged_table(one, other);
	check_large(one);
	check_endless(one);
	as_put(one);
	as_put(other);
}

static struct process child; /* zero but for what is written here */

/* Kin: by fork, whatever became of them since. */
KTEST_SUITE(families)
{
	struct process *self = process_current();
	struct credential_space own, born;
	status_t left;
	uint32_t pid;

	lock_acquire(&process_lock);
	child.pid = pid_alloc();
	child.as = self->as;
	ktest_ok(child.pid && credentials_give(&child, self) == STATUS_OK, "a child is born");
	ktest_ok(credentials_space_of(self, &own) && credentials_space(child.pid, &born) &&
			 own.family && own.family == born.family,
		 "it is of its parent's family");
	ktest_ok(credentials_program(self) &&
			 credentials_program(self) == credentials_program(&child),
		 "and of its program");
	AS_PROCESS(child.pid, left = credentials_leave(&child));
	ktest_ok(left == STATUS_OK && !credentials_space(child.pid, &born),
		 "who has left has no address space");
	child.as = NULL;
	ktest_ok(credentials_take(&child, &pid) == STATUS_OK && pid == child.pid, "and goes");
	ktest_ok(!credentials_space(pid, &born) && !credentials_space_of(&child, &born),
		 "then it is nobody's kin");
	pid_free(pid);
	lock_release(&process_lock);
}
