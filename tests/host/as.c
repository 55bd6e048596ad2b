/* sources: tests/host/mm/machine.list kernel/mm/frame/slab.c tests/host/mm/model.c
 * tests/host/mm/model_check.c tests/host/mm/operations.c tests/host/mm/operations_expect.c
 * kernel/mm/as/as.c kernel/mm/as/as_map.c kernel/mm/as/as_discard.c kernel/mm/as/as_change.c
 * kernel/mm/as/as_pages.c kernel/mm/as/as_fault.c kernel/mm/as/as_large.c kernel/mm/as/as_clone.c
 * kernel/mm/as/as_heap.c kernel/mm/as/region.c kernel/mm/as/region_tree.c */

/* Address spaces: random calls on several at once, compared page by page with a model after each.
 */
#include "host_assert.h"
#include "mm/machine.h"
#include "mm/operations.h"
#include "random.h"
#include "tap.h"

#include "mm/as/as_init.h"

enum { NR_RUNS = 6, NR_SOAK_RUNS = 60, NR_STEPS = 1500, CHECK_EVERY = 8 };

static unsigned nr_lacking, nr_succeeded[OPERATION_LOOKUP + 1];

static void step(unsigned run, unsigned i)
{
	struct operation operation;
	status_t status;
	bool may_lack;

	operation_draw(&operation);
	operation_note(&operation, options.xpfo == xpfo_off ? "xpfo=off" : "xpfo on",
		       run * NR_STEPS + i);
	may_lack = operation.space && operation_may_lack_memory(&operation);
	status = operation_run(&operation);
	if (status == STATUS_ENOMEM && may_lack && operation.kind != OPERATION_BRK) {
		nr_lacking++;
		operation_check_failed(&operation);
	} else {
		operation_commit(&operation, status);
		nr_succeeded[operation.kind] += status == STATUS_OK;
	}
	if (i % CHECK_EVERY == 0) {
		model_check_all();
	} else if (operation.space && operation.space->as) {
		model_check(operation.space);
	}
}

static void random_runs(const char *variant)
{
	unsigned nr_runs = (unsigned)soak(NR_SOAK_RUNS, NR_RUNS);
	uint64_t nr_free = machine_nr_free();

	nr_lacking = 0;
	for (unsigned run = 0; run < nr_runs; run++) {
		random_state = 0x100 + run;
		for (unsigned i = 0; i < NR_STEPS; i++) {
			step(run, i);
		}
		operations_end();
		model_check_all();
	}
	is(machine_nr_free(), nr_free,
	   "xpfo=%s: %u random calls (%u times memory was short), and every frame is back", variant,
	   nr_runs * NR_STEPS, nr_lacking);
}

/* What random calls come to too seldom: each step done and compared like theirs. */
static const struct operation script[] = {
	{ .kind = OPERATION_CREATE, .child = &spaces[0] },
	/* a page that a fork left shared and mprotect made read-only is still copied by as_write */
	{ .kind = OPERATION_MAP,
	  .how = AS_MAP_FIXED,
	  .at = USER_MIN,
	  .len_bytes = PAGE_SIZE,
	  .rights = 3 },
	{ .kind = OPERATION_ACCESS, .at = USER_MIN, .rights = RIGHT_WRITE, .value = 1 },
	{ .kind = OPERATION_CLONE, .child = &spaces[1] },
	{ .kind = OPERATION_PROTECT, .at = USER_MIN, .len_bytes = PAGE_SIZE, .rights = RIGHT_READ },
	{ .kind = OPERATION_PROTECT,
	  .at = USER_MIN,
	  .len_bytes = PAGE_SIZE,
	  .rights = RIGHT_EXECUTE },
	{ .kind = OPERATION_WRITE, .at = USER_MIN, .len_bytes = 8, .data = &(const uint64_t){ 2 } },
	/* a 2 MiB page replaces a table of 4 KiB pages that the processor walked after the last was
	   gone */
	{ .kind = OPERATION_MAP,
	  .how = AS_MAP_FIXED,
	  .at = 1ul << 31,
	  .len_bytes = PAGE_SIZE,
	  .rights = 3 },
	{ .kind = OPERATION_ACCESS, .at = 1ul << 31, .rights = RIGHT_WRITE, .value = 3 },
	{ .kind = OPERATION_UNMAP, .at = 1ul << 31, .len_bytes = PAGE_SIZE },
	{ .kind = OPERATION_ACCESS, .at = 1ul << 31, .rights = RIGHT_READ },
	{ .kind = OPERATION_MAP,
	  .how = AS_MAP_FIXED,
	  .at = 1ul << 31,
	  .len_bytes = HUGE_SIZE,
	  .rights = 3,
	  .flags = REGION_HUGE },
	{ .kind = OPERATION_ACCESS, .at = 1ul << 31, .rights = RIGHT_WRITE, .value = 4 },
};

static void scripted(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(script); i++) {
		struct operation operation = script[i];

		operation.space = operation.kind == OPERATION_CREATE ? NULL : &spaces[0];
		operation_note(&operation, "script", i);
		operation_commit(&operation, operation_run(&operation));
		model_check_all();
	}
	operations_end();
	model_check_all();
	ok(true, "the %zu calls of the script do what the model does", ARRAY_SIZE(script));
}

static unsigned rarest(void)
{
	unsigned fewest = UINT32_MAX;

	for (unsigned i = 0; i < ARRAY_SIZE(nr_succeeded); i++) {
		fewest = MIN(fewest, nr_succeeded[i]);
	}
	return fewest;
}

/* Regions of three pages, a gap after each, from the top down, until the kernel says that these are
 * too many. */
/* The table of the 4 KiB pages goes when a 2 MiB page comes: nobody may remember it. */
static void table_forgotten(void)
{
	const unsigned rights = RIGHT_READ | RIGHT_WRITE;
	uint64_t at = 1ul << 32;
	struct as *as;
	uva_t where;
	pfn_t frame;
	bool good;

	machine_note("a table that is gone");
	good = as_create(&as) == STATUS_OK &&
	       as_map(as, AS_MAP_FIXED, at, PAGE_SIZE, rights, 0, &where) == STATUS_OK &&
	       as_fault(as, where, RIGHT_WRITE) == STATUS_OK &&
	       as_map(as, AS_MAP_FIXED, at, HUGE_SIZE, rights, REGION_HUGE, &where) == STATUS_OK &&
	       as_map(as, AS_MAP_FIXED, at, PAGE_SIZE, rights, 0, &where) == STATUS_EINVAL &&
	       as_unmap(as, where, HUGE_SIZE) == STATUS_OK &&
	       as_map(as, AS_MAP_FIXED, at, PAGE_SIZE, rights, 0, &where) == STATUS_OK &&
	       as_fault(as, where, RIGHT_WRITE) == STATUS_OK &&
	       as_lookup(as, where, &frame) == STATUS_OK;
	ok(good, "a page is found again where a 2 MiB page was");
	as_put(as);
}

static void too_many_regions(void)
{
	uint64_t nr_free = machine_nr_free(), at = 1ul << 40, middle;
	uva_t out = { 0 };
	struct as *as;
	uint32_t nr;

	machine_note("too many regions");
	if (as_create(&as)) {
		machine_die("no address space");
	}
	while (as_map(as, AS_MAP_FIXED, at, 3 * PAGE_SIZE, RIGHT_READ, 0, &out) == STATUS_OK) {
		at -= 4 * PAGE_SIZE;
	}
	nr = as->nr_regions;
	middle = at + 5 * PAGE_SIZE;
	is(nr, 16384, "mmap in pieces ends when there are too many");
	is(as_protect(as, (uva_t){ middle }, PAGE_SIZE, RIGHT_WRITE), STATUS_ENOMEM,
	   "so does mprotect of an inside");
	is(as_unmap(as, (uva_t){ middle }, PAGE_SIZE), STATUS_ENOMEM, "and munmap of an inside");
	is(as_map(as, AS_MAP_FIXED, middle, PAGE_SIZE, RIGHT_WRITE, 0, &out), STATUS_ENOMEM,
	   "and mmap over it");
	is(as->nr_regions, nr, "all of them were refused and changed nothing");
	is(as_unmap(as, (uva_t){ middle - PAGE_SIZE }, 4 * PAGE_SIZE), STATUS_OK,
	   "munmap of a whole one is fine");
	is(as->nr_regions, nr - 1, "and makes room");
	as_put(as);
	machine_check();
	is(machine_nr_free(), nr_free, "every frame is back");
}

int main(void)
{
	machine_start();
	as_init();
	model_check_all();
	machine_choose_xpfo(xpfo_off);
	random_runs("off");
	machine_choose_xpfo(xpfo_sync);
	random_runs("sync");
	machine_choose_xpfo(xpfo_epoch);
	random_runs("epoch");
	ok(rarest() > 20, "every kind of call succeeded at least %u times", rarest());
	scripted();
	table_forgotten();
	too_many_regions();
	return done_testing();
}
