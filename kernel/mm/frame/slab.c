/* Slabs: one run of frames each, its header first, free objects linked through their first word. */
#include "mm/frame/slab.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"

enum { OBJECT_ALIGN = 64, RED_ZONE_BYTES = KASAN ? 64 : 0 };

static_assert(!KASAN || sizeof(struct slab_trace) <= RED_ZONE_BYTES, "a red zone holds its trace");

struct slab {
	struct list node; /* on cache->partial while objects are free */
	struct slab_cache *cache;
	void *free; /* first free object */
	uint32_t nr_used;
};

static size_t slab_bytes(const struct slab_cache *cache)
{
	return (size_t)PAGE_SIZE << cache->order;
}

static size_t header_bytes(void) { return align_up(sizeof(struct slab), OBJECT_ALIGN); }

/* BUILD=kasan: all caches, for slab_trim. Atomic. */
static struct slab_cache *caches;

static void cache_list(struct slab_cache *cache)
{
	for (const struct slab_cache *other = caches; other; other = other->next) {
		assert(other != cache);
	}
	cache->next = caches;
	while (!__atomic_compare_exchange_n(&caches, &cache->next, cache, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED)) {}
}

void slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes)
{
	*cache = (struct slab_cache){ .name = name, .size_bytes = (uint32_t)object_bytes };
	cache->object_bytes = (uint32_t)align_up(object_bytes + RED_ZONE_BYTES, OBJECT_ALIGN);
	while (header_bytes() + cache->object_bytes > slab_bytes(cache)) {
		cache->order++;
	}
	cache->nr_per_slab = (uint32_t)((slab_bytes(cache) - header_bytes()) / cache->object_bytes);
	list_init(&cache->partial);
	lock_init(&cache->lock, name, RANK_slab);
	if (KASAN) {
		cache_list(cache);
	}
}

/* Free objects are marked, and their links are in them. */
static UNCHECKED void *link_read(void *object) { return *(void **)object; }

static UNCHECKED void link_write(void *object, void *next) { *(void **)object = next; }

static struct slab_trace *trace_of(const struct slab_cache *cache, void *object)
{
	return (struct slab_trace *)((char *)object + cache->object_bytes) - 1;
}

/* BUILD=kasan. The trace is in the red zone. */
static void mark_taken(const struct slab_cache *cache, void *object)
{
	trace_take(&trace_of(cache, object)->taken);
	unmark(object, cache->size_bytes);
}

static void mark_freed(const struct slab_cache *cache, void *object)
{
	mark(object, align_up(cache->size_bytes, MARK_BYTES), MARK_SLAB_FREED);
	trace_take(&trace_of(cache, object)->freed);
}

static struct slab *slab_of(struct slab_cache *cache, void *object)
{
	return (struct slab *)align_down((uint64_t)object, slab_bytes(cache));
}

/* Takes frames for one more slab, all objects free, on no list. */
static status_t slab_create(struct slab_cache *cache, struct slab **out)
{
	pfn_t first;
	status_t status = frame_alloc_kernel(OWNER_KERNEL, cache->order, &first);
	struct slab *slab;

	if (status) {
		return status;
	}
	slab = direct_map_pointer(first);
	frames_flag(first, 1u << cache->order, FRAME_SLAB, 0);
	*slab = (struct slab){ .cache = cache };
	for (uint32_t i = cache->nr_per_slab; i-- > 0;) {
		void *object = ((char *)slab + header_bytes() + (size_t)i * cache->object_bytes);

		link_write(object, slab->free);
		slab->free = object;
	}
	mark((char *)slab + header_bytes(), slab_bytes(cache) - header_bytes(), MARK_SLAB_RED);
	*out = slab;
	return STATUS_OK;
}

status_t slab_alloc(struct slab_cache *cache, void **out)
{
	struct slab *slab;
	void *object;

	if (allocation_should_fail() || !frame_kernel_is_allowed()) {
		return STATUS_ENOMEM;
	}
	lock_acquire(&cache->lock);
	if (list_is_empty(&cache->partial)) {
		status_t status = slab_create(cache, &slab);

		if (status) {
			lock_release(&cache->lock);
			return status;
		}
		list_push_front(&cache->partial, &slab->node);
	}
	slab = LIST_ENTRY(cache->partial.next, struct slab, node);
	object = slab->free;
	slab->free = link_read(object);
	slab->nr_used++;
	if (!slab->free) {
		list_remove(&slab->node);
	}
	cache->nr_live++;
	lock_release(&cache->lock);
	if (KASAN) {
		mark_taken(cache, object);
	}
	memset(object, 0, KASAN ? cache->size_bytes : cache->object_bytes);
	*out = object;
	return STATUS_OK;
}

/* The object starts where one does, and is not free already. */
static bool is_handed_out(const struct slab_cache *cache, const struct slab *slab,
			  const void *object)
{
	uint64_t offset = (uint64_t)object - (uint64_t)slab - header_bytes();

	for (void *free = slab->free; free; free = link_read(free)) {
		if (free == object) {
			return false;
		}
	}
	return offset % cache->object_bytes == 0 &&
	       offset / cache->object_bytes < cache->nr_per_slab;
}

/* Caller holds the cache's lock. */
static void object_free(struct slab_cache *cache, void *object)
{
	struct slab *slab = slab_of(cache, object);

	assert(lock_is_held(&cache->lock));
	if (!slab->free) {
		list_push_front(&cache->partial, &slab->node);
	}
	link_write(object, slab->free);
	slab->free = object;
	slab->nr_used--;
	if (!slab->nr_used) {
		list_remove(&slab->node);
		frame_free_kernel(pointer_to_pfn(slab), cache->order);
	}
}

/* BUILD=kasan. Caller holds the cache's lock. The object that rests longest. */
static void *rest_take(struct slab_cache *cache)
{
	unsigned at =
		(cache->next_resting + SLAB_RESTING_MAX - cache->nr_resting) % SLAB_RESTING_MAX;

	assert(lock_is_held(&cache->lock));
	cache->nr_resting--;
	return cache->resting[at];
}

static void rest_put(struct slab_cache *cache, void *object)
{
	mark_freed(cache, object);
	if (cache->nr_resting == SLAB_RESTING_MAX) {
		object_free(cache, rest_take(cache));
	}
	cache->resting[cache->next_resting] = object;
	cache->next_resting = (cache->next_resting + 1) % SLAB_RESTING_MAX;
	cache->nr_resting++;
}

void slab_free(struct slab_cache *cache, void *object)
{
	struct slab *slab = slab_of(cache, object);

	mark_check(object, cache->size_bytes, TOUCH_FREE);
	lock_acquire(&cache->lock);
	assert(slab->cache == cache && slab->nr_used > 0);
	assert(is_handed_out(cache, slab, object));
	cache->nr_live--;
	if (KASAN) {
		rest_put(cache, object);
	} else {
		object_free(cache, object);
	}
	lock_release(&cache->lock);
}

bool slab_trim(void)
{
	bool trimmed = false;

	/* pairs with cache_list */
	for (struct slab_cache *cache = __atomic_load_n(&caches, __ATOMIC_ACQUIRE); KASAN && cache;
	     cache = cache->next) {
		lock_acquire(&cache->lock);
		while (cache->nr_resting) {
			object_free(cache, rest_take(cache));
			trimmed = true;
		}
		lock_release(&cache->lock);
	}
	return trimmed;
}

bool slab_object_at(uint64_t address, struct slab_object *out)
{
	pfn_t first = { frame_entry(direct_map_frame((va_t){ address }))->number };
	const struct slab *slab = direct_map_pointer(first);
	uint64_t start = (uint64_t)slab + header_bytes();
	uint64_t index = (address - start) / slab->cache->object_bytes;

	if (address < start || index >= slab->cache->nr_per_slab) {
		return false;
	}
	out->start = start + index * slab->cache->object_bytes;
	out->size_bytes = slab->cache->size_bytes;
	out->cache = slab->cache->name;
	out->trace = KASAN ? trace_of(slab->cache, (void *)out->start) : NULL;
	return true;
}
