/* sources: tests/host/mm/machine.list kernel/mm/frame/slab.c kernel/mm/as/as.c
 * kernel/mm/as/as_map.c kernel/mm/as/as_discard.c kernel/mm/as/as_change.c kernel/mm/as/as_pages.c
 * kernel/mm/as/as_fault.c kernel/mm/as/as_large.c kernel/mm/as/as_clone.c kernel/mm/as/as_heap.c
 * kernel/mm/as/region.c kernel/mm/as/region_tree.c tests/host/mm/space_check.c */

/* Many regions: random calls, and what the tree says is what a walk of the list says. Then what a
 * long call leaves between two of its pieces. */
#include "host_assert.h"
#include "mm/machine.h"
#include "random.h"
#include "tap.h"

#include "core/poll.h"
#include "mm/as/as_init.h"
#include "mm/as/region.h"
#include "mm/as/region_tree.h"
#include "mm/space_check.h"
#include "mm/table/layout.h"

enum { NR_STEPS = 20000, NR_PAGES = 2500, CHECK_EVERY = 50 };
#define AREA 0x40000000ul
#define TOP (AREA + (uint64_t)NR_PAGES * PAGE_SIZE + HUGE_SIZE)

static void must(status_t status)
{
	if (status) {
		machine_die("refused: %d", status);
	}
}

static void step(struct as *as)
{
	uint64_t at = AREA + random_below(NR_PAGES) * PAGE_SIZE;
	uint64_t len = (1 + random_below(random_below(8) ? 3 : 200)) * PAGE_SIZE;
	status_t status;
	uva_t placed;

	switch (random_below(6)) {
	case 0: status = as_unmap(as, (uva_t){ at }, len); break;
	case 1:
	case 2: status = as_protect(as, (uva_t){ at }, len, (unsigned)random_below(3)); break;
	case 3: status = as_fault(as, (uva_t){ at }, RIGHT_READ); break;
	default:
		status = as_map(as, AS_MAP_FIXED, at, len,
				RIGHT_READ | (random_below(2) ? RIGHT_WRITE : 0),
				random_below(2) ? REGION_SHARED : 0, &placed);
	}
	if (status != STATUS_OK && status != STATUS_EFAULT && status != STATUS_ENOMEM) {
		machine_die("refused: %d", status);
	}
}

static uint64_t gap_by_walk(struct as *as, uint64_t len, uint64_t align, uint64_t below)
{
	struct region *tree = as->tree;
	uint64_t at;

	as->tree = NULL;
	at = region_find_gap(as, len, align, below);
	as->tree = tree;
	return at;
}

static const struct region *above_by_walk(const struct as *as, uint64_t address)
{
	LIST_FOR_EACH (node, &as->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);

		if (region->end > address) {
			return region;
		}
	}
	return NULL;
}

static unsigned nr_wrong, nr_compared;

static void compare(struct as *as)
{
	uint64_t align = random_below(2) ? PAGE_SIZE : HUGE_SIZE;
	uint64_t len = align * (1 + random_below(random_below(2) ? 3 : 100));
	uint64_t at = AREA + random_below(NR_PAGES + 100) * PAGE_SIZE;
	uint64_t below = random_below(2) ? TOP : at;

	lock_acquire(&as->lock);
	nr_compared += as->tree != NULL;
	nr_wrong += region_first_above(as, at) != above_by_walk(as, at);
	nr_wrong += region_find_gap(as, len, align, below) != gap_by_walk(as, len, align, below);
	lock_release(&as->lock);
}

static void random_calls(void)
{
	unsigned most = 0;
	struct as *as;

	ok(as_create(&as) == STATUS_OK, "an address space");
	for (unsigned i = 0; i < NR_STEPS; i++) {
		step(as);
		compare(as);
		most = MAX(most, as->nr_regions);
		if (i % CHECK_EVERY == 0) {
			space_check(as);
		}
	}
	ok(most > 4 * REGIONS_WALKED, "there were up to %u regions", most);
	is(nr_wrong, 0, "the tree finds what a walk finds (compared %u times)", nr_compared);
	as_put(as);
}

static unsigned depth_of(const struct region *tree)
{
	unsigned left, right;

	if (!tree) {
		return 0;
	}
	left = depth_of(tree->left);
	right = depth_of(tree->right);
	return 1 + MAX(left, right);
}

/* In the order in which a hostile program would add them. */
static void depth_stays_small(void)
{
	enum { NR = 8000, DEPTH_MOST = 64 };
	struct as *as;
	uva_t at;

	must(as_create(&as));
	must(as_map(as, AS_MAP_FIXED, AREA, NR * PAGE_SIZE, RIGHT_READ, 0, &at));
	for (uint64_t i = 1; i < NR; i += 2) {
		must(as_protect(as, (uva_t){ AREA + i * PAGE_SIZE }, PAGE_SIZE, RIGHT_WRITE));
	}
	ok(depth_of(as->tree) <= DEPTH_MOST, "%u regions, added in order: the tree is %u deep",
	   as->nr_regions, depth_of(as->tree));
	as_put(as);
}

/* What the other threads of a process do between two pieces. */
static struct as *changing;
static unsigned nr_pieces, nr_faults;
static bool must_end, is_fork, is_large;

static bool between(void)
{
	uint64_t page = AREA + random_below(NR_PAGES) * PAGE_SIZE;

	nr_pieces++;
	space_check(changing);
	references_check();
	if (changing->change != CHANGE_NONE && !is_fork && !is_large &&
	    as_fault_now(changing, (uva_t){ page }, RIGHT_READ) == STATUS_OK) {
		nr_faults++;
	}
	return must_end;
}

static void touch_all(struct as *as)
{
	uva_t at;

	must(as_map(as, AS_MAP_FIXED, AREA, (uint64_t)NR_PAGES * PAGE_SIZE,
		    RIGHT_READ | RIGHT_WRITE, 0, &at));
	for (uint64_t i = 0; i < NR_PAGES; i++) {
		must(as_fault(as, (uva_t){ AREA + i * PAGE_SIZE }, RIGHT_WRITE));
	}
}

static status_t call_run(unsigned kind, struct as *as)
{
	uint64_t len = (uint64_t)NR_PAGES * PAGE_SIZE;
	status_t status = STATUS_OK;
	struct as *child;
	uva_t at;

	switch (kind) {
	case 0: return as_unmap(as, (uva_t){ AREA }, len);
	case 1: return as_protect(as, (uva_t){ AREA }, len, RIGHT_READ);
	case 2: return as_discard(as, (uva_t){ AREA }, len);
	case 3: return as_map(as, AS_MAP_FIXED, AREA, len, RIGHT_READ, REGION_SHARED, &at);
	default:
		is_fork = true;
		status = as_clone(as, (uva_t){ 0 }, &child);
		if (status == STATUS_OK) {
			space_check(child);
			as_put(child);
		}
		is_fork = false;
		return status;
	}
}

static void pieces(unsigned kind, const char *name, uint64_t nr_free)
{
	status_t status;

	for (unsigned killed = 0; killed < 2; killed++) {
		must(as_create(&changing));
		touch_all(changing);
		nr_pieces = nr_faults = 0;
		must_end = killed;
		poll_hooks.call = between;
		status = call_run(kind, changing);
		is(status, killed ? STATUS_EINTR : STATUS_OK, "%s%s", name,
		   killed ? " is killed after its first piece" : " in pieces");
		ok(nr_pieces > !killed && changing->change == CHANGE_NONE,
		   "the address space was whole after each (%u), and nothing goes on (%u faults)",
		   nr_pieces, nr_faults);
		space_check(changing);
		is_fork = true;
		as_put(changing);
		is_fork = false;
		poll_hooks.call = NULL;
		is(machine_nr_free(), nr_free, "and every frame is back");
	}
}

/* Pages of 2 MiB: each is made and copied in pieces, and every one that comes in between finds the
 * address space whole, and must wait. */
static void large_pieces(uint64_t nr_free)
{
	enum { LARGE_PIECES = 8, RW = RIGHT_READ | RIGHT_WRITE };
	struct as *child = NULL;
	uva_t at, shared;

	must(as_create(&changing));
	must_end = false;
	is_large = true;
	must(as_map(changing, AS_MAP_FIXED, AREA, HUGE_SIZE, RW, REGION_HUGE, &at));
	must(as_map(changing, AS_MAP_ANYWHERE, 0, HUGE_SIZE, RW, REGION_HUGE | REGION_SHARED,
		    &shared));
	poll_hooks.call = between;
	nr_pieces = 0;
	is(as_fault(changing, at, RIGHT_WRITE), STATUS_OK, "a page of 2 MiB is made");
	ok(nr_pieces >= LARGE_PIECES, "in %u pieces", nr_pieces);
	nr_pieces = 0;
	is(as_clone(changing, (uva_t){ 0 }, &child), STATUS_OK, "a fork makes a shared one");
	ok(nr_pieces >= LARGE_PIECES, "in %u pieces", nr_pieces);
	nr_pieces = 0;
	is(as_fault(changing, at, RIGHT_WRITE), STATUS_OK, "a private one is copied");
	ok(nr_pieces >= 2 * LARGE_PIECES, "in %u pieces", nr_pieces);
	ok(changing->change == CHANGE_NONE && changing->nr_pages == 2ul << HUGE_ORDER,
	   "nothing goes on any more");
	is(as_fault_now(changing, at, RIGHT_READ), STATUS_EFAULT,
	   "who cannot wait gets no such page");
	must_end = true;
	must(as_unmap(changing, at, HUGE_SIZE));
	must(as_map(changing, AS_MAP_FIXED, AREA, HUGE_SIZE, RW, REGION_HUGE, &at));
	is(as_fault(changing, at, RIGHT_WRITE), STATUS_OK, "one that is killed gets its page yet");
	space_check(changing);
	as_put(child);
	as_put(changing);
	poll_hooks.call = NULL;
	is_large = false;
	is(machine_nr_free(), nr_free, "and every frame is back");
}

int main(void)
{
	static const char *const names[] = { "munmap", "mprotect", "madvise", "mmap over it",
					     "fork" };
	struct as *warm;
	uint64_t nr_free;

	random_state = 0x51;
	machine_start();
	as_init();
	must(as_create(&warm));
	touch_all(warm);
	as_put(warm);
	random_calls();
	depth_stays_small();
	nr_free = machine_nr_free();
	for (unsigned kind = 0; kind < ARRAY_SIZE(names); kind++) {
		pieces(kind, names[kind], nr_free);
	}
	large_pieces(nr_free);
	return done_testing();
}
