/* sources: tests/host/mm/machine.list kernel/mm/frame/slab.c */

/* Object caches: random use of several at once, and what their assertions catch. */
#include "host_assert.h"
#include "mm/machine.h"
#include "random.h"
#include "tap.h"

#include "mm/frame/direct_map.h"
#include "mm/frame/slab.h"

enum {
	NR_STEPS = 100000,
	NR_SOAK_STEPS = 5000000,
	OBJECTS_MAX = 1500,
	OBJECT_ALIGN = 64,
	PHASE = 5000
};

static const size_t sizes[] = { 1, 16, 64, 65, 200, 1000, 2032, 4032, 4033, 9000 };
enum { NR_CACHES = ARRAY_SIZE(sizes) };

struct object {
	unsigned char *bytes;
	unsigned cache;
	unsigned char pattern;
};

static struct slab_cache caches[NR_CACHES];
static struct object objects[OBJECTS_MAX];
static unsigned nr_objects, nr_of_cache[NR_CACHES];

static bool is_filled(const unsigned char *bytes, size_t len_bytes, unsigned char with)
{
	return bytes[0] == with && memcmp(bytes, bytes + 1, len_bytes - 1) == 0;
}

/* Every object must still hold what its owner wrote, so no two overlap. */
static void object_check(const struct object *object)
{
	if (!is_filled(object->bytes, sizes[object->cache], object->pattern)) {
		machine_die("an object of %zu bytes at %p was overwritten", sizes[object->cache],
			    (const void *)object->bytes);
	}
}

static void step_alloc(unsigned cache)
{
	struct object *object = &objects[nr_objects];
	uint64_t nr_free = machine_nr_free();
	unsigned fail_at = random_below(16) ? 2 : (unsigned)random_below(2);
	void *bytes = NULL;
	status_t status;
	bool failed;

	machine_fail_after(fail_at);
	status = slab_alloc(&caches[cache], &bytes);
	failed = machine_fail_stop();
	if (status != (failed ? STATUS_ENOMEM : STATUS_OK) || !bytes != failed) {
		machine_die("slab_alloc of %zu bytes: status %d, allocation failed: %d",
			    sizes[cache], status, failed);
	}
	if (failed) {
		if (machine_nr_free() != nr_free) {
			machine_die("slab_alloc failed and kept frames");
		}
		return;
	}
	if ((uintptr_t)bytes % OBJECT_ALIGN || !is_filled(bytes, sizes[cache], 0)) {
		machine_die("object at %p of %zu bytes is misaligned or not zeroed", bytes,
			    sizes[cache]);
	}
	if (frame_entry(pointer_to_pfn(bytes))->owner != OWNER_KERNEL) {
		machine_die("object at %p is not in a kernel frame", bytes);
	}
	*object = (struct object){ bytes, cache, (unsigned char)(1 + random_below(255)) };
	memset(bytes, object->pattern, sizes[cache]);
	nr_objects++;
	nr_of_cache[cache]++;
}

static void step_free(unsigned which)
{
	object_check(&objects[which]);
	slab_free(&caches[objects[which].cache], objects[which].bytes);
	nr_of_cache[objects[which].cache]--;
	objects[which] = objects[--nr_objects];
}

static void check_all(void)
{
	machine_check();
	for (unsigned i = 0; i < nr_objects; i++) {
		object_check(&objects[i]);
	}
	for (unsigned i = 0; i < NR_CACHES; i++) {
		if (caches[i].nr_live != nr_of_cache[i]) {
			machine_die("cache %u: nr_live is %u, not %u", i, caches[i].nr_live,
				    nr_of_cache[i]);
		}
	}
}

static void random_run(void)
{
	unsigned nr_steps = (unsigned)soak(NR_SOAK_STEPS, NR_STEPS);
	uint64_t nr_free = machine_nr_free();

	for (unsigned i = 0; i < nr_steps; i++) {
		bool is_filling = i / PHASE % 2 == 0;

		machine_note("step %u of the random run", i);
		if (nr_objects < OBJECTS_MAX && random_below(100) < (is_filling ? 70 : 30)) {
			step_alloc((unsigned)random_below(NR_CACHES));
		} else if (nr_objects) {
			step_free((unsigned)random_below(nr_objects));
		}
		if (i % 512 == 0) {
			check_all();
		}
	}
	while (nr_objects) {
		step_free(nr_objects - 1);
	}
	check_all();
	is(machine_nr_free(), nr_free, "%u random steps on %u caches, and every frame is back",
	   nr_steps, (unsigned)NR_CACHES);
}

/* Objects of a cache's first slab are all different, and a slab is full before the next is made. */
static void slab_is_filled_first(void)
{
	uint64_t before = machine_nr_free();
	unsigned nr = caches[4].nr_per_slab;

	for (unsigned i = 0; i < nr; i++) {
		step_alloc(4);
	}
	is(before - machine_nr_free(), 1u << caches[4].order,
	   "%u objects of 200 bytes fit in one slab", nr);
	while (nr_objects) {
		step_free(0);
	}
	is(machine_nr_free(), before, "an empty slab gives its frames back");
}

static void memory_full(void)
{
	uint64_t before = machine_nr_free();
	void *first = NULL, *object;
	unsigned nr = 0;

	while (slab_alloc(&caches[9], &object) == STATUS_OK) {
		*(void **)object = first;
		first = object;
		nr++;
	}
	ok(nr == before / 4 || nr == before / 4 - 1,
	   "memory holds %u objects of 9000 bytes, then ENOMEM", nr);
	machine_check();
	while (first) {
		object = first;
		first = *(void **)object;
		slab_free(&caches[9], object);
	}
	is(machine_nr_free(), before, "and all of it comes back");
}

static void *object_get(unsigned cache)
{
	void *object;

	machine_detach();
	if (slab_alloc(&caches[cache], &object)) {
		machine_die("no object");
	}
	return object;
}

static void free_last_twice(void)
{
	void *object = object_get(4);

	slab_free(&caches[4], object);
	slab_free(&caches[4], object);
}

static void free_twice(void)
{
	void *object = object_get(4), *other;

	(void)!slab_alloc(&caches[4], &other);
	slab_free(&caches[4], object);
	slab_free(&caches[4], object);
}

static void free_inside(void) { slab_free(&caches[4], (char *)object_get(4) + OBJECT_ALIGN); }

static void free_foreign(void) { slab_free(&caches[3], object_get(4)); }

static void free_foreign_order(void) { slab_free(&caches[9], object_get(4)); }

int main(void)
{
	machine_start();
	for (unsigned i = 0; i < NR_CACHES; i++) {
		slab_cache_init(&caches[i], "test", sizes[i]);
	}
	random_run();
	slab_is_filled_first();
	memory_full();
	dies(free_last_twice, "assertion", "freeing the last object of a slab twice dies");
	dies(free_twice, "assertion", "freeing an object twice dies");
	dies(free_inside, "assertion", "freeing the inside of an object dies");
	dies(free_foreign, "assertion", "freeing an object of another cache dies");
	dies(free_foreign_order, "assertion",
	     "freeing an object of another cache with larger slabs dies");
	return done_testing();
}
