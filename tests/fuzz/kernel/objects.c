/* BUILD=fuzz: how many kernel objects there are. The linker leads slab_cache_init here. */
#include "objects.h"

#include "core/panic.h"
#include "fuzz_abi.h"
#include "mm/frame/slab.h"

static struct slab_cache *caches[FUZZ_CACHES_MAX];
static unsigned nr_caches;

void __real_slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes);
void __wrap_slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes);

void __wrap_slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes)
{
	__real_slab_cache_init(cache, name, object_bytes);
	if (nr_caches == FUZZ_CACHES_MAX) {
		panic("fuzz: more than %u caches of objects", nr_caches);
	}
	caches[nr_caches++] = cache;
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
