/* Slabs: one run of frames each, its header first, free objects linked through their first word. */
#include "mm/slab.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"

enum { OBJECT_ALIGN = 64 };

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

void slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes)
{
	*cache = (struct slab_cache){ .name = name, .size_bytes = (uint32_t)object_bytes };
	cache->object_bytes = (uint32_t)align_up(object_bytes, OBJECT_ALIGN);
	while (header_bytes() + cache->object_bytes > slab_bytes(cache)) {
		cache->order++;
	}
	cache->nr_per_slab = (uint32_t)((slab_bytes(cache) - header_bytes()) / cache->object_bytes);
	list_init(&cache->partial);
	lock_init(&cache->lock, name, RANK_slab);
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
	for (uint32_t i = 0; i < 1u << cache->order; i++) {
		frame_entry(pfn_add(first, i))->flags |= FRAME_SLAB;
	}
	*slab = (struct slab){ .cache = cache };
	for (uint32_t i = cache->nr_per_slab; i-- > 0;) {
		void **object =
			(void **)((char *)slab + header_bytes() + (size_t)i * cache->object_bytes);

		*object = slab->free;
		slab->free = object;
	}
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
	slab->free = *(void **)object;
	slab->nr_used++;
	if (!slab->free) {
		list_remove(&slab->node);
	}
	cache->nr_live++;
	lock_release(&cache->lock);
	memset(object, 0, cache->object_bytes);
	*out = object;
	return STATUS_OK;
}

/* The object starts where one does, and is not free already. */
static bool is_handed_out(const struct slab_cache *cache, const struct slab *slab,
			  const void *object)
{
	uint64_t offset = (uint64_t)object - (uint64_t)slab - header_bytes();

	for (void *const *free = slab->free; free; free = *free) {
		if (free == object) {
			return false;
		}
	}
	return offset % cache->object_bytes == 0 &&
	       offset / cache->object_bytes < cache->nr_per_slab;
}

void slab_free(struct slab_cache *cache, void *object)
{
	struct slab *slab = slab_of(cache, object);

	lock_acquire(&cache->lock);
	assert(slab->cache == cache && slab->nr_used > 0);
	assert(is_handed_out(cache, slab, object));
	if (!slab->free) {
		list_push_front(&cache->partial, &slab->node);
	}
	*(void **)object = slab->free;
	slab->free = object;
	slab->nr_used--;
	cache->nr_live--;
	if (!slab->nr_used) {
		list_remove(&slab->node);
		frame_free_kernel(pointer_to_pfn(slab), cache->order);
	}
	lock_release(&cache->lock);
}

bool slab_object_at(uint64_t address, struct slab_object *out)
{
	pfn_t first = { frame_entry(direct_map_frame((va_t){ address }))->next };
	const struct slab *slab = direct_map_pointer(first);
	uint64_t start = (uint64_t)slab + header_bytes();
	uint64_t index = (address - start) / slab->cache->object_bytes;

	if (address < start || index >= slab->cache->nr_per_slab) {
		return false;
	}
	out->start = start + index * slab->cache->object_bytes;
	out->size_bytes = slab->cache->size_bytes;
	out->cache = slab->cache->name;
	return true;
}
