/* sources: tests/host/mm/machine.list kernel/mm/frame/slab.c tests/host/mm/model.c
 * tests/host/mm/model_check.c tests/host/mm/operations.c tests/host/mm/operations_expect.c
 * kernel/mm/as/as.c kernel/mm/as/as_map.c kernel/mm/as/as_discard.c kernel/mm/as/as_change.c
 * kernel/mm/as/as_pages.c kernel/mm/as/as_fault.c kernel/mm/as/as_large.c kernel/mm/as/as_clone.c
 * kernel/mm/as/as_heap.c kernel/mm/as/region.c kernel/mm/as/region_tree.c */

/*
 * Memory runs out at every allocation site of every call on address spaces: first one site after
 * the other by fault injection, then for real. The call says ENOMEM, nothing that anybody could see
 * has changed, and nothing is lost.
 */
#include "host_assert.h"
#include "mm/machine.h"
#include "mm/operations.h"
#include "random.h"
#include "tap.h"

#include "mm/as/as_init.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/xpfo.h"

enum { NR_STEPS = 5000, NR_SHORT_STEPS = 4000, CHECK_EVERY = 8, FRAMES_LEFT = 64 };
enum { NR_KINDS = OPERATION_LOOKUP + 1 };

static unsigned nr_failed[NR_KINDS], deepest[NR_KINDS];

static void spaces_check(const struct operation *operation)
{
	if (operation->space && operation->space->as) {
		model_check(operation->space);
	}
}

/* Runs the operation with its first allocation failing, then the second, until none is left to
 * fail. */
static void fail_everywhere(struct operation *operation)
{
	for (unsigned n = 0;; n++) {
		status_t status;
		bool may_lack;

		machine_fail_after(n);
		may_lack = operation_may_lack_memory(operation);
		status = operation_run(operation);
		if (!machine_fail_stop()) {
			if (status == STATUS_ENOMEM && may_lack) {
				operation_check_failed(operation);
				return;
			}
			operation_commit(operation, status);
			return;
		}
		if (status != STATUS_ENOMEM) {
			machine_die("allocation %u failed, but the call returned %d", n, status);
		}
		operation_check_failed(operation);
		spaces_check(operation);
		nr_failed[operation->kind]++;
		deepest[operation->kind] = MAX(deepest[operation->kind], n + 1);
	}
}

static void injected_run(void)
{
	uint64_t nr_free = machine_nr_free();

	random_state = 3;
	for (unsigned i = 0; i < NR_STEPS; i++) {
		struct operation operation;

		operation_draw(&operation);
		operation_note(&operation, "fault injection", i);
		fail_everywhere(&operation);
		spaces_check(&operation);
		if (i % CHECK_EVERY == 0) {
			model_check_all();
		}
		/* real shortage would look like the injected one */
		if (machine_nr_free() < MACHINE_FRAMES / 4) {
			operations_end();
		}
	}
	operations_end();
	model_check_all();
	is(machine_nr_free(), nr_free, "fault injection: after %u calls every frame is back",
	   NR_STEPS);
}

static void injected_counts(void)
{
	static const struct {
		enum operation_kind kind;
		const char *name;
		unsigned nr_sites; /* in one call, at least */
	} expected[] = {
		{ OPERATION_CREATE, "as_create", 2 },   { OPERATION_CLONE, "as_clone", 20 },
		{ OPERATION_MAP, "as_map", 3 },         { OPERATION_UNMAP, "as_unmap", 2 },
		{ OPERATION_PROTECT, "as_protect", 2 }, { OPERATION_BRK, "as_brk", 2 },
		{ OPERATION_ACCESS, "as_fault", 3 },    { OPERATION_WRITE, "as_write", 3 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++) {
		enum operation_kind kind = expected[i].kind;

		ok(deepest[kind] >= expected[i].nr_sites,
		   "%s: each allocation fails in turn, %u times, up to %u a call: nothing changes",
		   expected[i].name, nr_failed[kind], deepest[kind]);
	}
}

/* Few frames are left: who is refused, and where, is up to the allocator. */
static void short_run(void)
{
	static pfn_t hoard[MACHINE_FRAMES];
	unsigned nr_hoarded = 0, nr_refused = 0;
	uint64_t nr_free = machine_nr_free();

	while (machine_nr_free() > FRAMES_LEFT + machine_nr_reserve()) {
		if (frame_alloc_kernel(OWNER_KERNEL, 0, &hoard[nr_hoarded++])) {
			machine_die("nothing to hoard");
		}
	}
	random_state = 7;
	operations_are_short = true;
	for (unsigned i = 0; i < NR_SHORT_STEPS; i++) {
		struct operation operation;
		status_t status;

		operation_draw(&operation);
		operation_note(&operation, "short of memory", i);
		status = operation_run(&operation);
		if (status == STATUS_ENOMEM && operation_may_have_allocated(&operation)) {
			nr_refused++;
			operation_check_failed(&operation);
		} else {
			operation_commit(&operation, status);
		}
		spaces_check(&operation);
		if (i % CHECK_EVERY == 0) {
			model_check_all();
		}
	}
	operations_end();
	model_check_all();
	while (nr_hoarded) {
		frame_free_kernel(hoard[--nr_hoarded], 0);
	}
	machine_check();
	ok(nr_refused > NR_SHORT_STEPS / 40,
	   "short of memory: %u of %u calls were refused and changed nothing", nr_refused,
	   (unsigned)NR_SHORT_STEPS);
	is(machine_nr_free(), nr_free, "short of memory: every frame is back");
}

int main(void)
{
	machine_start();
	as_init();
	model_check_all();
	xpfo_use(xpfo_epoch);
	operations_are_short = true;
	injected_run();
	injected_counts();
	short_run();
	return done_testing();
}
