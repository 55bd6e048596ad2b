/* sources: tests/host/mm/machine.c tests/host/mm/user_tlb.c tests/host/mm/window.c
 *          tests/host/mm/model.c tests/host/mm/model_check.c tests/host/mm/operations.c
 *          tests/host/mm/operations_expect.c kernel/mm/as.c kernel/mm/as_pages.c
 *          kernel/mm/as_fault.c kernel/mm/as_clone.c kernel/mm/as_heap.c kernel/mm/region.c
 *          kernel/mm/slab.c kernel/mm/frame_alloc.c kernel/mm/frame.c kernel/mm/buddy.c
 *          kernel/mm/direct_map.c kernel/mm/ptable.c kernel/mm/xpfo.c kernel/core/lock.c
 *          kernel/core/cpu.c -Wl,--wrap=frame_transition */

/* Address spaces: random calls on several at once, compared page by page with a model after each.
 */
#include "host_assert.h"
#include "mm/machine.h"
#include "mm/operations.h"
#include "random.h"
#include "tap.h"

#include "mm/as_init.h"

enum { NR_RUNS = 6, NR_STEPS = 1500, CHECK_EVERY = 8 };

static unsigned nr_lacking, nr_succeeded[OPERATION_LOOKUP + 1];

static void step(unsigned run, unsigned i)
{
	struct operation operation;
	status_t status;
	bool may_lack;

	operation_draw(&operation);
	operation_note(&operation, options.xpfo == xpfo_off ? "xpfo=off" : "xpfo=sync",
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
	uint64_t nr_free = machine_nr_free();

	nr_lacking = 0;
	for (unsigned run = 0; run < NR_RUNS; run++) {
		random_state = 0x100 + run;
		for (unsigned i = 0; i < NR_STEPS; i++) {
			step(run, i);
		}
		operations_end();
		model_check_all();
	}
	is(machine_nr_free(), nr_free,
	   "xpfo=%s: %u random calls (%u times memory was short), and every frame is back", variant,
	   NR_RUNS * NR_STEPS, nr_lacking);
}

static unsigned rarest(void)
{
	unsigned fewest = UINT32_MAX;

	for (unsigned i = 0; i < ARRAY_SIZE(nr_succeeded); i++) {
		fewest = MIN(fewest, nr_succeeded[i]);
	}
	return fewest;
}

/* mprotect of every other page, until the kernel says that these are too many pieces. */
static void too_many_regions(void)
{
	const uint64_t len_bytes = 128ul << 20, start = 1ul << 30;
	uint64_t nr_free = machine_nr_free(), at = start + PAGE_SIZE;
	uva_t out = { 0 };
	struct as *as;
	uint32_t nr;

	machine_note("too many regions");
	if (as_create(&as) || as_map(as, AS_MAP_FIXED, start, len_bytes, RIGHT_READ, 0, &out)) {
		machine_die("no address space");
	}
	for (; as_protect(as, (uva_t){ at }, PAGE_SIZE, RIGHT_WRITE) == STATUS_OK;
	     at += 2 * PAGE_SIZE) {}
	nr = as->nr_regions;
	is(nr, 16383, "mprotect in pieces ends when there are too many");
	is(as_unmap(as, (uva_t){ at }, PAGE_SIZE), STATUS_ENOMEM,
	   "so does munmap of a piece's inside");
	is(as_map(as, AS_MAP_FIXED, at, PAGE_SIZE, RIGHT_WRITE, 0, &out), STATUS_ENOMEM,
	   "and mmap over it");
	is(as->nr_regions, nr, "all three refused and changed nothing");
	is(as_protect(as, (uva_t){ start }, at - start, RIGHT_READ), STATUS_OK,
	   "mprotect of all pieces at once is fine");
	is(as->nr_regions, 1, "and makes them one again");
	as_put(as);
	machine_check();
	is(machine_nr_free(), nr_free, "every frame is back");
}

int main(void)
{
	machine_start();
	as_init();
	model_check_all();
	options.xpfo = xpfo_off;
	random_runs("off");
	options.xpfo = xpfo_sync;
	random_runs("sync");
	ok(rarest() > 100, "every kind of call succeeded at least %u times", rarest());
	too_many_regions();
	return done_testing();
}
