/* Object caches: fixed-size kernel objects, zeroed when handed out. Any context; takes the cache's
 * lock. */
#pragma once

#include "core/lock.h"
#include "lib/builds.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/types.h"
#include "mm/sanitizer/marks.h"

/*
 * One page per slab (order grows so that at least one object fits). Guarded by lock.
 */
enum { SLAB_RESTING_MAX = 64 };

struct slab_cache {
	const char *name;
	uint32_t size_bytes;   /* of an object, as its owner knows it */
	uint32_t object_bytes; /* rounded up to 64 */
	uint32_t order;        /* of a slab, 2^order frames */
	uint32_t nr_per_slab;
	uint32_t nr_live;    /* objects handed out */
	struct list partial; /* slabs with free objects */
	struct lock lock;

	/* BUILD=kasan: objects that were freed last, a ring: still marked, and used as their slabs
	 * see it */
	void *resting[KASAN ? SLAB_RESTING_MAX : 0];
	unsigned next_resting, nr_resting;
	struct slab_cache *next; /* slab.c: all of them */
};

/* Once for each cache, which stays. */
void slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes);
/* ENOMEM. */
status_t slab_alloc(struct slab_cache *cache, void **out) MUST_CHECK;
void slab_free(struct slab_cache *cache, void *object);
/* Frees what rests, of all caches. False: nothing did. */
bool slab_trim(void);

/* BUILD=kasan: who took an object, and who freed it last. At the end of its red zone. */
struct slab_trace {
	struct trace taken, freed;
};

/* The object, handed out or not, that holds an address in a slab's frames. False: there is none. */
struct slab_object {
	uint64_t start;
	size_t size_bytes;
	const char *cache;              /* its name */
	const struct slab_trace *trace; /* BUILD=kasan; else NULL */
};
bool slab_object_at(uint64_t address, struct slab_object *out);
