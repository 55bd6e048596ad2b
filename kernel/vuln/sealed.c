/* The sealed objects, and whether they are as they were. */
#include "vuln/sealed.h"

#include "core/lock.h"
#include "core/options.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mm/layout.h"
#include "mm/pmalloc.h"
#include "mm/ptable.h"
#include "mm/tlb.h"
#include "mm/window.h"
#include "task/flag.h"
#include "task/report.h"

enum { NR_WORDS = BW_SEALED_BYTES / sizeof(uint64_t), NR_SCRATCH = 2 };
static_assert((int)BW_NR_SEALED == (int)NR_POOL_MODES, "an object of each mode");

/* A range that must stay as it is, within a page. */
struct watched {
	uint64_t address;
	pfn_t frame;
};

/* Written while booting. */
RO_AFTER_INIT static const struct pool *pools[NR_POOL_MODES];
RO_AFTER_INIT static struct watched objects[NR_POOL_MODES], descriptors[NR_POOL_MODES];
RO_AFTER_INIT static char descriptor_bytes[NR_POOL_MODES][POOL_DESCRIPTOR_BYTES];
static const uint64_t words[NR_WORDS] = { [0 ... NR_WORDS - 1] = BW_SEALED_VALUE };

static struct lock lock = LOCK_INIT("sealed", RANK_vuln);
/* Guarded by lock. */
static struct scratch {
	const struct pool *pool; /* NULL: none */
	uint64_t *object;
	uint32_t pid;
	bool is_sealed; /* or would be, but for pmalloc=off */
} scratches[NR_SCRATCH];
static const void *record;

static struct watched watch(const void *at)
{
	return (struct watched){ (uint64_t)at,
				 pte_frame(ptable_lookup(kernel_root, (uint64_t)at, NULL)) };
}

/* An object of a new pool, filled. */
static status_t object_create(enum pool_mode mode, const struct pool **pool, void **object)
{
	status_t status = pmalloc_create_pool("attacked", mode, PAGE_SIZE, 64, pool);

	if (status) {
		return status;
	}
	status = pmalloc(*pool, BW_SEALED_BYTES, object);
	if (status == STATUS_OK && mode == POOL_START_WR) {
		status = wr_memcpy(*object, words, sizeof(words));
	} else if (status == STATUS_OK) {
		memcpy(*object, words, sizeof(words));
	}
	if (status) {
		return pmalloc_destroy_pool(*pool) ? STATUS_EINVAL : status;
	}
	return STATUS_OK;
}

/* --- the witness --- */

/* Puts back what an attack changed, and the rights of the page, so that the next one begins afresh.
 * Flushes. */
static void restore(const struct watched *watched, const void *bytes, size_t len_bytes)
{
	pte_t *entry = ptable_entry(kernel_root, watched->address, 1);

	if (options.pmalloc != pmalloc_off) {
		pte_write(entry, pte_without(pte_read(entry), PTE_WRITABLE));
		ktlb_wait(ktlb_downgrade());
	}
	window_write(&watched->frame, 1, watched->address % PAGE_SIZE, bytes, len_bytes);
}

static bool check_and_restore(const struct watched *watched, const void *bytes, size_t len_bytes)
{
	if (!memcmp((const void *)watched->address, bytes, len_bytes)) {
		return true;
	}
	restore(watched, bytes, len_bytes);
	return false;
}

/* True: a byte of sealed memory was changed since it was asked last. */
static bool was_changed(void)
{
	bool is_whole = true;

	lock_acquire(&lock);
	for (unsigned mode = 0; mode < NR_POOL_MODES; mode++) {
		is_whole &= check_and_restore(&objects[mode], words, sizeof(words));
		is_whole &= check_and_restore(&descriptors[mode], descriptor_bytes[mode],
					      POOL_DESCRIPTOR_BYTES);
	}
	for (unsigned i = 0; i < NR_SCRATCH; i++) {
		struct scratch *scratch = &scratches[i];

		if (scratch->pool && scratch->is_sealed &&
		    memcmp(scratch->object, words, sizeof(words)) != 0) {
			scratch->is_sealed = false;
			is_whole = false;
		}
	}
	lock_release(&lock);
	return !is_whole;
}

void sealed_init(void)
{
	void *object;

	for (enum pool_mode mode = 0; mode < NR_POOL_MODES; mode++) {
		if (object_create(mode, &pools[mode], &object) ||
		    pmalloc_protect_pool(pools[mode])) {
			panic("no memory for what attacks aim at");
		}
		objects[mode] = watch(object);
		descriptors[mode] = watch(pools[mode]);
	}
	for (unsigned mode = 0; mode < NR_POOL_MODES; mode++) {
		memcpy(descriptor_bytes[mode], pools[mode], POOL_DESCRIPTOR_BYTES);
	}
	report_watch_sealed(was_changed);
}

void sealed_describe(struct bw_sealed *out)
{
	*out = (struct bw_sealed){ .window = WINDOW_BASE + objects[POOL_WR].address % PAGE_SIZE };
	if (options.pmalloc == pmalloc_off) {
		out->window = objects[POOL_WR].address;
	}
	for (unsigned mode = 0; mode < NR_POOL_MODES; mode++) {
		const struct watched *object = &objects[mode];

		out->of_mode[mode] = (struct bw_sealed_object){
			.object = object->address,
			.alias = direct_map_base + pfn_to_pa(object->frame).pa +
				 object->address % PAGE_SIZE,
			.pfn = object->frame.pfn,
			.pool = (uint64_t)pools[mode],
			.entry = (uint64_t)ptable_entry(kernel_root, object->address, 1),
		};
	}
}

pfn_t sealed_frame(void) { return objects[POOL_WR].frame; }

/* --- pools that come and go --- */

/* Caller holds the lock. What a dead process left behind makes room. */
static struct scratch *scratch_take(uint32_t pid)
{
	for (unsigned i = 0; i < NR_SCRATCH; i++) {
		struct scratch *scratch = &scratches[i];

		if (scratch->pool && scratch->pid != pid &&
		    pmalloc_destroy_pool(scratch->pool) == STATUS_OK) {
			scratch->pool = NULL;
		}
	}
	for (unsigned i = 0; i < NR_SCRATCH; i++) {
		if (!scratches[i].pool) {
			return &scratches[i];
		}
	}
	return NULL;
}

/* Caller holds the lock. */
static struct scratch *scratch_find(uint64_t object)
{
	for (unsigned i = 0; i < NR_SCRATCH; i++) {
		if (scratches[i].pool && (uint64_t)scratches[i].object == object) {
			return &scratches[i];
		}
	}
	return NULL;
}

status_t sealed_pool_open(uint32_t pid, uint64_t *out)
{
	status_t status = STATUS_EAGAIN;
	struct scratch *scratch;
	void *object;

	lock_acquire(&lock);
	scratch = scratch_take(pid);
	if (scratch) {
		*scratch = (struct scratch){ .pid = pid };
		status = object_create(POOL_RO, &scratch->pool, &object);
		if (status) {
			scratch->pool = NULL;
		} else {
			scratch->object = object;
			*out = (uint64_t)object;
		}
	}
	lock_release(&lock);
	return status;
}

status_t sealed_pool_seal(uint64_t object)
{
	status_t status = STATUS_EINVAL;
	struct scratch *scratch;

	lock_acquire(&lock);
	scratch = scratch_find(object);
	if (scratch && !scratch->is_sealed) {
		memcpy(scratch->object, words, sizeof(words));
		status = pmalloc_protect_pool(scratch->pool);
		scratch->is_sealed = status == STATUS_OK;
	}
	lock_release(&lock);
	return status;
}

status_t sealed_pool_destroy(uint64_t object)
{
	status_t status = STATUS_EINVAL;
	struct scratch *scratch;

	lock_acquire(&lock);
	scratch = scratch_find(object);
	if (scratch) {
		status = pmalloc_destroy_pool(scratch->pool);
		scratch->pool = NULL;
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
	return STATUS_OK;
}

status_t sealed_record(const void **out)
{
	status_t status;

	lock_acquire(&lock);
	status = record ? STATUS_OK : record_create();
	*out = record;
	lock_release(&lock);
	return status;
}
