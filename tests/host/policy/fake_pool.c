/* As much of pmalloc as the parser of the policy uses. */
#include "policy/fake_pool.h"

#include <stdlib.h>

#include "mm/pool/pmalloc.h"

enum { OBJECTS_MAX = 1024 };

static void *objects[OBJECTS_MAX];
static unsigned nr_objects;
static int nr_until_failure = -1;
static bool has_failed;

void fake_pool_fail_after(int nr)
{
	nr_until_failure = nr;
	has_failed = false;
}

bool fake_pool_has_failed(void) { return has_failed; }

unsigned fake_pool_nr_objects(void) { return nr_objects; }

void fake_pool_clear(void)
{
	while (nr_objects) {
		free(objects[--nr_objects]);
	}
}

status_t pzalloc(const struct pool *pool, size_t size_bytes, void **out)
{
	(void)pool;
	if (nr_until_failure == 0 || nr_objects == OBJECTS_MAX) {
		nr_until_failure = -1;
		has_failed = true;
		return STATUS_ENOMEM;
	}
	nr_until_failure -= nr_until_failure > 0;
	*out = objects[nr_objects++] = calloc(1, size_bytes);
	return STATUS_OK;
}

status_t pfree(const struct pool *pool, const void *object)
{
	(void)pool;
	for (unsigned i = 0; i < nr_objects; i++) {
		if (objects[i] == object) {
			free(objects[i]);
			objects[i] = objects[--nr_objects];
			return STATUS_OK;
		}
	}
	return STATUS_EFAULT;
}
