/* sources: tests/host/mm/machine.list tests/host/mm/pool_tlb.c tests/host/mm/pool_model.c
 * tests/host/mm/pool_kept.c kernel/mm/frame/frame_sealed.c -Wl,--wrap=ptable_table_free
 * kernel/mm/pool/pool.c kernel/mm/pool/pool_area.c kernel/mm/pool/pool_chunk.c
 * kernel/mm/pool/pool_meta.c kernel/mm/pool/pool_store.c kernel/mm/pool/pool_write.c
 * kernel/lib/string.c */

/* Write-once pools: random calls on several at once against a model, and memory that runs out at
 * every allocation. */
#include "host_assert.h"
#include "mm/machine.h"
#include "mm/pool_model.h"
#include "random.h"
#include "tap.h"

#include "mm/frame/frame_alloc.h"

enum { NR_STEPS = 8000, NR_SOAK_STEPS = 300000, CHECK_EVERY = 256 };

static const char *name_of(enum option_pmalloc variant)
{
	return variant == pmalloc_off ? "off" : variant == pmalloc_plain ? "plain" : "full";
}

static void random_run(enum option_pmalloc variant, enum option_xpfo xpfo)
{
	unsigned nr_steps = (unsigned)soak(NR_SOAK_STEPS, NR_STEPS);
	uint64_t nr_free;

	machine_choose_xpfo(xpfo);
	options.pmalloc = variant;
	nr_free = machine_nr_free() + model_nr_kept();
	for (unsigned i = 0; i < nr_steps; i++) {
		machine_note("step %u of the random run with pmalloc=%s", i, name_of(variant));
		model_step();
		if (i % CHECK_EVERY == 0) {
			machine_check();
			model_check();
		}
	}
	model_check();
	model_destroy_all();
	machine_check();
	is(machine_nr_free() + model_nr_kept(), nr_free,
	   "pmalloc=%s: %u random steps, and every frame is back", name_of(variant), nr_steps);
}

/* A piece of work that allocates in every way; false: memory ran out, and nothing else is wrong. */
static bool scenario(const struct pool **out)
{
	static const enum pool_mode modes[] = { POOL_RO, POOL_AUTO_RO, POOL_START_WR };
	void *object;

	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		const size_t sizes[] = { 8, 5000, 3 * PAGE_SIZE, 1, 40000 };

		if (pmalloc_create_pool("scenario", modes[i], PAGE_SIZE, 16, &out[i])) {
			return false;
		}
		for (unsigned k = 0; k < ARRAY_SIZE(sizes); k++) {
			status_t status = pmalloc(out[i], sizes[k], &object);

			if (status == STATUS_ENOMEM) {
				return false;
			}
			if (status) {
				machine_die("pmalloc: status %d", status);
			}
		}
	}
	return true;
}

static bool run_scenario(void)
{
	const struct pool *pools[3] = { NULL };
	bool is_whole = scenario(pools);

	machine_check();
	for (unsigned i = 0; i < ARRAY_SIZE(pools); i++) {
		if (pools[i] && pmalloc_destroy_pool(pools[i])) {
			machine_die("a pool cannot be destroyed after memory ran out");
		}
	}
	machine_check();
	return is_whole;
}

static void exhaustion(void)
{
	uint64_t before;
	unsigned nr = 0;
	bool has_failed;

	(void)run_scenario();
	before = machine_nr_free() + model_nr_kept();
	do {
		machine_note("allocation %u of the scenario fails", nr);
		machine_fail_after(nr++);
		(void)run_scenario();
		has_failed = machine_fail_stop();
		if (machine_nr_free() + model_nr_kept() != before) {
			machine_die("the failure of allocation %u leaves frames behind", nr - 1);
		}
	} while (has_failed);
	ok(nr > 20, "each of %u allocations failed once, and left nothing behind", nr - 1);
}

static void memory_full(void)
{
	const struct pool *pool;
	uint64_t before = machine_nr_free() + model_nr_kept();
	void *object;
	unsigned nr = 0;
	status_t status = pmalloc_create_pool("all", POOL_WR, 0, 0, &pool);

	while (status == STATUS_OK) {
		status = pmalloc(pool, 30000, &object);
		nr += status == STATUS_OK;
	}
	ok(status == STATUS_ENOMEM && nr > 400, "memory holds %u objects of 30000 bytes", nr);
	machine_check();
	ok(pmalloc_protect_pool(pool) == STATUS_OK && pmalloc_destroy_pool(pool) == STATUS_OK,
	   "a pool of all memory is sealed and destroyed");
	is(machine_nr_free() + model_nr_kept(), before, "and all of it comes back");
}

/* Whatever the order, an area from which all was rolled back is as new. */
static void rollback(void)
{
	enum { NR = 60, ROUNDS = 200 };
	const struct pool *pool;
	void *objects[NR], *first, *again;

	if (pmalloc_create_pool("rollback", POOL_RO, 4 * PAGE_SIZE, 32, &pool) ||
	    pmalloc(pool, 15000, &first) || pfree(pool, first)) {
		machine_die("no pool");
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < NR; i++) {
			if (pmalloc(pool, 1 + random_below(160), &objects[i])) {
				machine_die("no object");
			}
		}
		for (unsigned left = NR; left > 0; left--) {
			unsigned which = (unsigned)random_below(left);

			if (pfree(pool, objects[which])) {
				machine_die("an object cannot be freed");
			}
			objects[which] = objects[left - 1];
		}
		if (pmalloc(pool, 15000, &again) || again != first || pfree(pool, again)) {
			machine_die("round %u: rolling back leaves holes", round);
		}
	}
	ok(pmalloc_destroy_pool(pool) == STATUS_OK,
	   "%u times %u objects were rolled back in random order", (unsigned)ROUNDS, (unsigned)NR);
}

/* What a store can do is one, however it is asked for: nobody ever reads half a pointer. */
static void stores(void)
{
	static const unsigned char from[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct pool *pool;
	unsigned nr_wrong = 0;
	void *object;

	if (pmalloc_create_pool("stores", POOL_START_WR, 0, 0, &pool) ||
	    pmalloc(pool, 64, &object)) {
		machine_die("no pool");
	}
	for (unsigned at = 0; at < 16; at++) {
		for (unsigned len = 1; len <= sizeof(from); len++) {
			bool is_due =
				(len == 1 || len == 2 || len == 4 || len == 8) && at % len == 0;
			uint64_t before = machine_nr_stores;
			char *target = (char *)object + at;

			if (wr_memcpy(target, from, len) || memcmp(target, from, len) != 0) {
				machine_die("wr_memcpy of %u bytes at %u", len, at);
			}
			nr_wrong += machine_nr_stores - before != is_due;
		}
	}
	is(nr_wrong, 0, "wr_memcpy of an aligned 1, 2, 4 or 8 bytes is one store, of others none");
	is(pmalloc_destroy_pool(pool), STATUS_OK, "its pool is destroyed");
}

static const struct pool *sealed_pool(void **object)
{
	const struct pool *pool;

	machine_detach();
	if (pmalloc_create_pool("sealed", POOL_WR, 0, 0, &pool) || pmalloc(pool, 64, object) ||
	    pmalloc_protect_pool(pool)) {
		machine_die("no sealed pool");
	}
	return pool;
}

static void write_sealed(void)
{
	void *object;

	(void)sealed_pool(&object);
	*(volatile char *)object = 1;
}

static void write_descriptor(void)
{
	void *object;

	*(volatile char *)sealed_pool(&object) = 1;
}

static void read_destroyed(void)
{
	void *object;

	if (pmalloc_destroy_pool(sealed_pool(&object)) == STATUS_OK) {
		*(volatile char *)object;
	}
}

static void overflow(void)
{
	const struct pool *pool;
	void *object;

	machine_detach();
	if (pmalloc_create_pool("open", POOL_RO, PAGE_SIZE, 0, &pool) ||
	    pmalloc(pool, 64, &object)) {
		machine_die("no pool");
	}
	memset(object, 1, PAGE_SIZE);
}

/* What lies behind a sealed area cannot be damaged; what an open one says of itself can be, and
 * then it may refuse, but not leave its limits. */
static void damaged(void)
{
	for (unsigned round = 0; round < 300; round++) {
		const struct pool *pool;
		char *object;
		void *more;

		if (pmalloc_create_pool("damaged", POOL_RO, PAGE_SIZE, 0, &pool) ||
		    pmalloc(pool, 100, (void **)&object)) {
			machine_die("no pool");
		}
		object = (char *)((uintptr_t)object & -PAGE_SIZE);
		for (unsigned i = 0; i < 40; i++) {
			object[random_below(128)] = (char)random_next();
		}
		for (unsigned i = 0; i < 20; i++) {
			struct pool_object found;

			if (pmalloc(pool, 1 + random_below(300), &more) == STATUS_OK) {
				(void)!pfree(pool, more);
			}
			(void)!pfree(pool, object + random_below(PAGE_SIZE));
			(void)pool_object_at((uint64_t)object + random_below(PAGE_SIZE), &found);
		}
		if (pmalloc_destroy_pool(pool)) {
			machine_die("a damaged pool cannot be destroyed");
		}
	}
	machine_check();
	ok(true, "an open area whose notes are overwritten stays within its limits");
}

/*
 * A frame that a weak variant of XPFO hid for a user: another CPU can store there until it forgets
 * its translation by itself. It must have done so before a pool gets the frame.
 */
static void weak_variant(enum option_xpfo xpfo, const char *name)
{
	enum { NR_USERS = 64, NR_TAKEN = 32 };
	pfn_t users[NR_USERS], taken[NR_TAKEN];
	unsigned nr_reached = 0;

	machine_choose_xpfo(xpfo);
	for (uint32_t i = MACHINE_RESERVED; i < MACHINE_FRAMES; i++) {
		machine_other_cpu_touch((pfn_t){ i });
	}
	for (unsigned i = 0; i < NR_USERS; i++) {
		if (frame_alloc_user(&users[i])) {
			machine_die("no page");
		}
	}
	frames_put_user(users, NR_USERS);
	if (frames_alloc_pool(POOL_ALIAS_NONE, taken, NR_TAKEN)) {
		machine_die("no frames for a pool");
	}
	for (unsigned i = 0; i < NR_TAKEN; i++) {
		nr_reached += machine_other_cpu_has(taken[i]);
	}
	is(nr_reached, 0, "xpfo=%s: no other CPU can reach a frame of a pool", name);
	frame_free_pool(taken, NR_TAKEN);
	machine_other_cpu_forget();
}

static void test_all(void)
{
	machine_start();
	options.pmalloc = pmalloc_full;
	weak_variant(xpfo_v1, "v1");
	weak_variant(xpfo_v8, "v8");
	weak_variant(xpfo_v9, "v9");
	machine_choose_xpfo(xpfo_epoch);
	model_start();
	random_run(pmalloc_full, xpfo_epoch);
	random_run(pmalloc_full, xpfo_off);
	random_run(pmalloc_plain, xpfo_epoch);
	options.pmalloc = pmalloc_full;
	machine_choose_xpfo(xpfo_epoch);
	exhaustion();
	memory_full();
	rollback();
	stores();
	damaged();
	dies(write_sealed, "a sealed page is written", "a write to sealed memory dies");
	dies(write_descriptor, "a sealed page is written", "a write to a descriptor dies");
	dies(read_destroyed, "no pool has memory", "a read from a destroyed pool dies");
	dies(overflow, "no pool has memory", "a write past the end of an area dies");
}

static void test_large(void)
{
	options.directmap = directmap_2m;
	test_all();
}
int main(void)
{
	apart(test_large, "the same with large pages in the direct map");
	test_all();
	return done_testing();
}
