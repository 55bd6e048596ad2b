/*
 * BUILD=fuzz: what slabs hand out gets a red zone, and what is freed stays poisoned for a while.
 * The linker leads every call of the three slab functions here (tools/make/kernel.mk), except those
 * within slab.c.
 */
#include "objects.h"

#include "core/cpu.h"
#include "core/panic.h"
#include "core/rendezvous.h"
#include "fuzz_abi.h"
#include "lib/string.h"
#include "mm/slab.h"

enum { RED_BYTES = 64, NR_LATE = 64 };
enum { RED = 0xbd, FREED = 0xa5 };

static struct slab_cache *caches[FUZZ_CACHES_MAX];
static unsigned nr_caches;

/* This CPU only, but while the others are stopped. What is freed late, oldest next. */
static struct late {
	struct {
		struct slab_cache *cache;
		uint8_t *object;
	} ring[NR_LATE];
	unsigned next;
} late[NR_CPUS_MAX];

void __real_slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes);
status_t __real_slab_alloc(struct slab_cache *cache, void **out) MUST_CHECK;
void __real_slab_free(struct slab_cache *cache, void *object);
void __wrap_slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes);
status_t __wrap_slab_alloc(struct slab_cache *cache, void **out) MUST_CHECK;
void __wrap_slab_free(struct slab_cache *cache, void *object);

static bool is_all(const uint8_t *bytes, size_t nr, uint8_t value)
{
	const uint64_t eight = value * (UINT64_MAX / UINT8_MAX);

	for (; nr % sizeof(eight); nr--) {
		if (bytes[nr - 1] != value) {
			return false;
		}
	}
	for (size_t i = 0; i < nr; i += sizeof(eight)) {
		uint64_t word;

		__builtin_memcpy(&word, bytes + i, sizeof(word));
		if (word != eight) {
			return false;
		}
	}
	return true;
}

void __wrap_slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes)
{
	__real_slab_cache_init(cache, name, object_bytes + RED_BYTES);
	cache->size_bytes = (uint32_t)object_bytes;
	if (nr_caches == FUZZ_CACHES_MAX) {
		panic("fuzz: more than %u caches of objects", nr_caches);
	}
	caches[nr_caches++] = cache;
}

static void red_check(const struct slab_cache *cache, const uint8_t *object)
{
	if (!is_all(object + cache->size_bytes, cache->object_bytes - cache->size_bytes, RED)) {
		panic("fuzz: overflow behind an object of %s", cache->name);
	}
}

status_t __wrap_slab_alloc(struct slab_cache *cache, void **out)
{
	status_t status = __real_slab_alloc(cache, out);

	if (!status) {
		memset((uint8_t *)*out + cache->size_bytes, RED,
		       cache->object_bytes - cache->size_bytes);
	}
	return status;
}

static void late_end(struct late *of, unsigned i)
{
	struct slab_cache *cache = of->ring[i].cache;
	uint8_t *object = of->ring[i].object;

	if (!object) {
		return;
	}
	of->ring[i].object = NULL;
	if (!is_all(object, cache->object_bytes, FREED)) {
		panic("fuzz: an object of %s was written to after it was freed", cache->name);
	}
	__real_slab_free(cache, object);
}

void __wrap_slab_free(struct slab_cache *cache, void *object)
{
	struct late *own = &late[this_cpu()->id];

	if (is_all(object, cache->object_bytes, FREED)) {
		panic("fuzz: an object of %s is freed twice", cache->name);
	}
	red_check(cache, object);
	memset(object, FREED, cache->object_bytes);
	late_end(own, own->next);
	own->ring[own->next].cache = cache;
	own->ring[own->next].object = object;
	own->next = (own->next + 1) % NR_LATE;
}

void objects_settle(void)
{
	rendezvous_stop_others();
	for (unsigned id = 0; id < nr_cpus; id++) {
		for (unsigned i = 0; i < NR_LATE; i++) {
			late_end(&late[id], i);
		}
	}
	rendezvous_release();
}

void objects_count(struct fuzz_books *books)
{
	for (unsigned i = 0; i < nr_caches; i++) {
		const char *name = caches[i]->name;

		for (unsigned j = 0; name[j] && j + 1 < sizeof(books->caches[i].name); j++) {
			books->caches[i].name[j] = name[j];
		}
		books->caches[i].nr_live = caches[i]->nr_live;
	}
}
