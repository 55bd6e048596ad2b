/* Pools that attacks make and destroy, and the record that one of them reads past. */
#include "core/lock.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "task/authority/flag.h"
#include "task/process/process.h"
#include "vuln/target.h"

static struct lock lock = LOCK_INIT("sealed pools", RANK_vuln);
/* Guarded by lock. */
static struct scratch {
	const struct pool *pool; /* NULL: none */
	uint64_t *object;
	uint32_t pid;
	bool is_sealed; /* or would be, but for pmalloc=off; never again open */
	bool is_moved;  /* born sealed, and its object is not where an empty area has its first one:
			   the area's notes were not zero */
	bool is_told;   /* that it was changed */
	/* What it held when it was sealed: until then whoever has the address may write there. */
	uint64_t words[SEALED_NR_WORDS];
} scratches[BW_SEALED_POOLS];
static const void *record, *record_secret;

bool target_pools_changed(void)
{
	bool is_whole = true;

	lock_acquire(&lock);
	for (unsigned i = 0; i < BW_SEALED_POOLS; i++) {
		struct scratch *scratch = &scratches[i];

		if (scratch->pool && scratch->is_sealed && !scratch->is_told &&
		    (scratch->is_moved || !target_holds((uint64_t)scratch->object, scratch->words,
							sizeof(scratch->words)))) {
			scratch->is_told = true;
			is_whole = false;
		}
	}
	lock_release(&lock);
	return !is_whole;
}

static bool is_alive(uint32_t pid)
{
	const struct process *process;
	bool alive;

	lock_acquire(&process_lock);
	process = process_find(pid);
	alive = process && !process->zombie;
	lock_release(&process_lock);
	return alive;
}

/* Destroys what dead processes left behind. Flushes. */
static void reap(void)
{
	for (unsigned i = 0; i < BW_SEALED_POOLS; i++) {
		struct scratch *scratch = &scratches[i];
		uint32_t pid = __atomic_load_n(&scratch->pid, __ATOMIC_RELAXED);

		/* the lock of processes is an outer one: whoever took this over meanwhile is alive
		 */
		if (!pid || is_alive(pid)) {
			continue;
		}
		lock_acquire(&lock);
		if (scratch->pool && scratch->pid == pid &&
		    pmalloc_destroy_pool(scratch->pool) == STATUS_OK) {
			*scratch = (struct scratch){ .pool = NULL };
		}
		lock_release(&lock);
	}
}

/* Caller holds the lock. The one with this object; 0: a free one. NULL: there is none. */
static struct scratch *scratch_find(uint64_t object)
{
	assert(lock_is_held(&lock));
	for (unsigned i = 0; i < BW_SEALED_POOLS; i++) {
		bool is_used = scratches[i].pool != NULL;

		if (object ? is_used && (uint64_t)scratches[i].object == object : !is_used) {
			return &scratches[i];
		}
	}
	return NULL;
}

enum { BORN_ALIGN = 64, NOTES_PER_PAGE = 64 /* one bit for every 8 bytes */ };

/* In front of the first object are the notes: a word, the bits, and the object's own word. */
static bool is_first(const void *object, uint64_t nr_pages)
{
	uint64_t offset = align_up(nr_pages * NOTES_PER_PAGE + 2 * sizeof(uint64_t), BORN_ALIGN);

	return (uint64_t)object % PAGE_SIZE == offset % PAGE_SIZE;
}

/* With one object, as the pool gives it. */
static status_t born_create(size_t len_bytes, const struct pool **pool, void **object)
{
	status_t status =
		pmalloc_create_pool("born sealed", POOL_START_WR, len_bytes, BORN_ALIGN, pool);

	if (status) {
		return status;
	}
	status = pzalloc(*pool, BW_SEALED_BYTES, object);
	if (status) {
		return pmalloc_destroy_pool(*pool) ? STATUS_EINVAL : status;
	}
	return STATUS_OK;
}

/* An open pool, or one of so many pages that is born sealed. Caller holds the lock. */
static status_t scratch_add(uint32_t pid, uint64_t nr_pages_born, struct scratch **out)
{
	struct scratch *scratch = scratch_find(0);
	const struct pool *pool;
	status_t status;
	void *object;

	assert(lock_is_held(&lock));
	if (!scratch) {
		return STATUS_EAGAIN;
	}
	if (nr_pages_born) {
		status = born_create(nr_pages_born * PAGE_SIZE, &pool, &object);
	} else {
		status = target_object_create(POOL_RO, &pool, &object);
	}
	if (status == STATUS_OK) {
		/* what is born sealed must hold zeros, as the words do here */
		*scratch = (struct scratch){ .pool = pool,
					     .object = object,
					     .pid = pid,
					     .is_sealed = nr_pages_born,
					     .is_moved = nr_pages_born &&
							 !is_first(object, nr_pages_born) };
		*out = scratch;
	}
	return status;
}

status_t target_pool_open(uint32_t pid, uint64_t *out)
{
	struct scratch *scratch;
	status_t status;

	reap();
	lock_acquire(&lock);
	status = scratch_add(pid, 0, &scratch);
	if (status == STATUS_OK) {
		*out = (uint64_t)scratch->object;
	}
	lock_release(&lock);
	return status;
}

status_t target_pool_born(uint32_t pid, uint64_t nr_pages, struct bw_sealed_object *out)
{
	struct scratch *scratch;
	status_t status;

	if (!nr_pages || nr_pages > BW_SEALED_PAGES) {
		return STATUS_EINVAL;
	}
	reap();
	lock_acquire(&lock);
	status = scratch_add(pid, nr_pages, &scratch);
	if (status == STATUS_OK) {
		*out = target_object_describe(scratch->pool, scratch->object);
	}
	lock_release(&lock);
	return status;
}

status_t target_pool_seal(uint64_t object)
{
	status_t status = STATUS_EINVAL;
	struct scratch *scratch;

	lock_acquire(&lock);
	scratch = object ? scratch_find(object) : NULL;
	if (scratch && !scratch->is_sealed) {
		memcpy(scratch->object, target_words, sizeof(target_words));
		status = pmalloc_protect_pool(scratch->pool);
	}
	if (status == STATUS_OK) {
		memcpy(scratch->words, scratch->object, sizeof(scratch->words));
		scratch->is_sealed = true;
	}
	lock_release(&lock);
	return status;
}

status_t target_pool_destroy(uint64_t object)
{
	status_t status = STATUS_EINVAL;
	struct scratch *scratch;

	lock_acquire(&lock);
	scratch = object ? scratch_find(object) : NULL;
	if (scratch) {
		status = pmalloc_destroy_pool(scratch->pool);
		*scratch = (struct scratch){ .pool = NULL };
	}
	lock_release(&lock);
	return status;
}

/* Caller holds the lock. */
static status_t record_create(void)
{
	const struct pool *pool;
	void *public, *secret;
	status_t status = pmalloc_create_pool("record", POOL_RO, PAGE_SIZE, 0, &pool);

	assert(lock_is_held(&lock));
	if (status) {
		return status;
	}
	status = pmalloc(pool, BW_SEALED_BYTES, &public);
	if (status == STATUS_OK) {
		status = pmalloc(pool, sizeof(flag_value), &secret);
	}
	if (status == STATUS_OK) {
		memcpy(secret, &flag_value, sizeof(flag_value));
		status = pmalloc_protect_pool(pool);
	}
	if (status) {
		return pmalloc_destroy_pool(pool) ? STATUS_EINVAL : status;
	}
	record = public;
	record_secret = secret;
	return STATUS_OK;
}

status_t target_record(const void **public, const void **secret)
{
	status_t status;

	lock_acquire(&lock);
	status = record ? STATUS_OK : record_create();
	*public = record;
	*secret = record_secret;
	lock_release(&lock);
	return status;
}
