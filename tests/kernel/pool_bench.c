/*
 * What pools cost, beside slabs and pages: measured here, made into a table by tools/bench-pmalloc.
 * Each figure is a comment line `bench NAME NR TICKS NS FLUSHES IPIS`: for NR operations the ticks
 * of the TSC, nanoseconds, complete flushes and interrupts sent, all told.
 */
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "core/cpu.h"
#include "ktest.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/slab.h"
#include "mm/pool/pmalloc.h"

enum { NR_OBJECTS = 256, NR_WRITES = 64, REFILL_BYTES = 64 * 1024 };

static const size_t sizes[] = { 16, 64, 512, 4096 };

struct measure {
	uint64_t ticks, ns, flushes, ipis;
};

static struct measure now(void)
{
	const uint64_t *counters = this_cpu()->counters;

	return (struct measure){ .ns = clock_now_ns(),
				 .flushes = counters[COUNTER_full_flushes],
				 .ipis = counters[COUNTER_ipis_sent],
				 .ticks = tsc_read() };
}

static void tell(const struct measure *before, const char *name, uint64_t what, uint64_t nr)
{
	struct measure after = now();

	ktest_diag("bench %s_%lu %lu %lu %lu %lu %lu", name, what, nr, after.ticks - before->ticks,
		   after.ns - before->ns, after.flushes - before->flushes,
		   after.ipis - before->ipis);
}

static void bench_pmalloc(size_t size_bytes)
{
	void *objects[3] = { NULL }; /* the first two, and the latest */
	const struct pool *pool;
	struct measure before;
	unsigned nr = 0;

	if (pmalloc_create_pool("bench", POOL_RO, REFILL_BYTES, 0, &pool)) {
		return;
	}
	before = now();
	while (nr < NR_OBJECTS && pmalloc(pool, size_bytes, &objects[MIN(nr, 2u)]) == STATUS_OK) {
		nr++;
	}
	tell(&before, "pmalloc", size_bytes, nr);
	ktest_diag("bench pmalloc_stride_%lu 1 %lu 0 0 0", size_bytes,
		   (uint64_t)objects[1] - (uint64_t)objects[0]);
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK && nr == NR_OBJECTS,
		 "pmalloc: %u objects of %lu bytes", nr, size_bytes);
}

/* The free ones form a list, as they do in the slab. */
static void bench_slab(struct slab_cache *cache, size_t size_bytes)
{
	struct measure before;
	void *first = NULL, *object;
	unsigned nr = 0;

	if (!cache->name) {
		slab_cache_init(cache, "bench", size_bytes);
	}
	before = now();
	while (nr < NR_OBJECTS && slab_alloc(cache, &object) == STATUS_OK) {
		*(void **)object = first;
		first = object;
		nr++;
	}
	tell(&before, "slab", size_bytes, nr);
	ktest_diag("bench slab_stride_%lu %u %lu 0 0 0", size_bytes, cache->nr_per_slab,
		   (uint64_t)PAGE_SIZE << cache->order);
	while (first) {
		object = first;
		first = *(void **)object;
		slab_free(cache, object);
	}
	ktest_ok(nr == NR_OBJECTS, "slab: %u objects of %lu bytes", nr, size_bytes);
}

static void bench_buddy(void)
{
	static pfn_t pages[NR_OBJECTS];
	struct measure before = now();
	unsigned nr = 0;

	while (nr < NR_OBJECTS && frame_alloc_zeroed(OWNER_KERNEL, 0, &pages[nr]) == STATUS_OK) {
		nr++;
	}
	tell(&before, "buddy", PAGE_SIZE, nr);
	for (unsigned i = 0; i < nr; i++) {
		frame_free_kernel(pages[i], 0);
	}
	ktest_ok(nr == NR_OBJECTS, "buddy: %u pages", nr);
}

static void bench_seal(unsigned nr_pages)
{
	const struct pool *pool;
	struct measure before;
	void *object;
	bool is_sealed;

	if (pmalloc_create_pool("bench", POOL_RO, (size_t)nr_pages * PAGE_SIZE, 0, &pool)) {
		return;
	}
	if (pmalloc(pool, 8, &object)) {
		nr_pages = 0;
	}
	before = now();
	is_sealed = pmalloc_protect_pool(pool) == STATUS_OK;
	tell(&before, "seal", nr_pages, 1);
	before = now();
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK && is_sealed,
		 "a pool of %u pages is sealed and destroyed", nr_pages);
	tell(&before, "destroy", nr_pages, 1);
}

static void bench_write_rare(size_t len_bytes)
{
	static const char from[PAGE_SIZE];
	const struct pool *pool;
	struct measure before;
	void *object;
	bool is_done = true;

	if (pmalloc_create_pool("bench", POOL_START_WR, 0, 0, &pool) ||
	    pmalloc(pool, PAGE_SIZE, &object)) {
		ktest_skip("no memory for a pool");
		return;
	}
	before = now();
	for (unsigned i = 0; i < NR_WRITES; i++) {
		is_done &= wr_memcpy(object, from, len_bytes) == STATUS_OK;
	}
	tell(&before, "wr", len_bytes, NR_WRITES);
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK && is_done,
		 "%u write-rare calls of %lu bytes", (unsigned)NR_WRITES, len_bytes);
}

KTEST_SUITE(pool_bench)
{
	static struct slab_cache caches[ARRAY_SIZE(sizes)];

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		bench_pmalloc(sizes[i]);
		bench_slab(&caches[i], sizes[i]);
	}
	bench_buddy();
	bench_seal(1);
	bench_seal(16);
	bench_seal(256);
	bench_write_rare(8);
	bench_write_rare(64);
	bench_write_rare(PAGE_SIZE);
}
