/* The sealed object of each mode, and whether they are as they were. */
#include "vuln/target.h"

#include "arch/x86_64/entry/probe.h"
#include "core/lock.h"
#include "core/options.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"
#include "task/authority/witness.h"

static_assert((int)BW_NR_SEALED == (int)NR_POOL_MODES, "an object of each mode");
static_assert(POOL_DESCRIPTOR_BYTES % 8 == 0 && BW_SEALED_BYTES % 8 == 0, "read by words");

/* A range that must stay as it is, within a page. */
struct watched {
	uint64_t address;
	pfn_t frame;
};

/* Written while booting. */
RO_AFTER_INIT static const struct pool *pools[NR_POOL_MODES];
RO_AFTER_INIT static struct watched objects[NR_POOL_MODES], descriptors[NR_POOL_MODES];
RO_AFTER_INIT static char descriptor_bytes[NR_POOL_MODES][POOL_DESCRIPTOR_BYTES];
/* The claimed one. It is made anew where an attack has destroyed it, so this is ordinary memory.
 * Guarded by lock. */
static struct {
	const struct pool *pool;
	struct watched object, descriptor;
	char bytes[POOL_DESCRIPTOR_BYTES];
} claimed;
const uint64_t target_words[SEALED_NR_WORDS] = { [0 ... SEALED_NR_WORDS - 1] = BW_SEALED_VALUE };

/* Guards the rights and contents of what is watched: one report at a time puts them back. */
static struct lock lock = LOCK_INIT("sealed", RANK_vuln);

static struct watched watch(const void *at)
{
	return (struct watched){ (uint64_t)at,
				 pte_frame(ptable_lookup(kernel_root, (uint64_t)at, NULL)) };
}

status_t target_object_create(enum pool_mode mode, const struct pool **pool, void **object)
{
	status_t status = pmalloc_create_pool("attacked", mode, PAGE_SIZE, 64, pool);

	if (status) {
		return status;
	}
	status = pmalloc(*pool, BW_SEALED_BYTES, object);
	if (status == STATUS_OK && mode == POOL_START_WR) {
		status = wr_memcpy(*object, target_words, sizeof(target_words));
	} else if (status == STATUS_OK) {
		memcpy(*object, target_words, sizeof(target_words));
	}
	if (status) {
		return pmalloc_destroy_pool(*pool) ? STATUS_EINVAL : status;
	}
	return STATUS_OK;
}

/* --- the witness --- */

bool target_holds(uint64_t address, const void *bytes, size_t len_bytes)
{
	uint64_t found;

	for (size_t at = 0; at < len_bytes; at += sizeof(found)) {
		if (!probe_read(address + at, &found) ||
		    memcmp(&found, (const char *)bytes + at, sizeof(found)) != 0) {
			return false;
		}
	}
	return true;
}

/* Read-only again, and in the direct map no more: what an attack on page tables may leave. Flushes.
 */
static void rights_restore(const struct watched *watched)
{
	pte_t *entry = ptable_entry(kernel_root, watched->address, 1);
	bool is_alias = options.pmalloc == pmalloc_full && direct_map_has(watched->frame);

	if (options.pmalloc == pmalloc_off || (!pte_is_writable(pte_read(entry)) && !is_alias)) {
		return;
	}
	pte_write(entry, pte_without(pte_read(entry), PTE_WRITABLE));
	if (is_alias) {
		direct_map_hide(watched->frame, 1);
	}
	ktlb_wait(ktlb_downgrade());
}

/* With ptprot: where the direct map still writes to sealed memory, which is how it was changed. */
static void alias_write(const struct watched *watched, const void *bytes, size_t len_bytes)
{
	pte_t alias = ptable_lookup(kernel_root, direct_map_address(watched->frame), NULL);

	if (pte_is_present(alias) && pte_is_writable(alias)) {
		memcpy((char *)direct_map_pointer(watched->frame) + watched->address % PAGE_SIZE,
		       bytes, len_bytes);
	}
}

/*
 * False: it was changed. Puts that back, so that the next attack begins afresh, unless the page is
 * not the pool's any more: then there is nothing that could be.
 */
static bool check_and_restore(const struct watched *watched, const void *bytes, size_t len_bytes)
{
	bool is_whole = target_holds(watched->address, bytes, len_bytes);

	if (!pool_has_page(align_down(watched->address, PAGE_SIZE), watched->frame)) {
		return is_whole;
	}
	rights_restore(watched);
	if (!is_whole && gate_in_force != ptprot_off) {
		alias_write(watched, bytes, len_bytes);
	} else if (!is_whole) {
		window_write(&watched->frame, 1, watched->address % PAGE_SIZE, bytes, len_bytes);
	}
	return is_whole;
}

/* Caller holds the lock. ENOMEM: there is none to aim at. */
static status_t claimed_create(void)
{
	void *object;
	status_t status = target_object_create(POOL_WR, &claimed.pool, &object);

	assert(lock_is_held(&lock));
	if (status == STATUS_OK) {
		status = pmalloc_claim_pool(claimed.pool);
	}
	if (status == STATUS_OK) {
		status = pmalloc_protect_pool(claimed.pool);
	}
	if (status == STATUS_OK) {
		claimed.object = watch(object);
		claimed.descriptor = watch(claimed.pool);
		memcpy(claimed.bytes, claimed.pool, sizeof(claimed.bytes));
	}
	return status;
}

/* Caller holds the lock. Has nobody changed the claimed pool, or what it holds? */
static bool is_claimed_whole(void)
{
	assert(lock_is_held(&lock));
	return target_holds(claimed.object.address, target_words, sizeof(target_words)) &&
	       target_holds(claimed.descriptor.address, claimed.bytes, sizeof(claimed.bytes));
}

/* Caller holds the lock. False: it was changed, and is not any more. */
static bool claimed_settle(void)
{
	bool is_whole = is_claimed_whole();

	assert(lock_is_held(&lock));
	if (pool_of((const void *)claimed.object.address) == claimed.pool) {
		(void)check_and_restore(&claimed.object, target_words, sizeof(target_words));
		(void)check_and_restore(&claimed.descriptor, claimed.bytes, sizeof(claimed.bytes));
	} else if (claimed_create()) {
		panic("no memory for what attacks aim at");
	}
	return is_whole;
}

static bool are_whole(void)
{
	bool is_whole = is_claimed_whole();

	for (unsigned mode = 0; mode < NR_POOL_MODES && is_whole; mode++) {
		is_whole =
			target_holds(objects[mode].address, target_words, sizeof(target_words)) &&
			target_holds(descriptors[mode].address, descriptor_bytes[mode],
				     POOL_DESCRIPTOR_BYTES);
	}
	return is_whole;
}

/* Changes nothing: an attack may be in its middle, and what it has prepared is part of it. */
static bool look(void)
{
	bool is_whole;

	lock_acquire(&lock);
	is_whole = are_whole();
	lock_release(&lock);
	return target_pools_changed() || !is_whole;
}

/* True: a byte of sealed memory was changed. It is not any more. */
static bool settle(void)
{
	bool is_whole;

	lock_acquire(&lock);
	is_whole = claimed_settle();
	for (unsigned mode = 0; mode < NR_POOL_MODES; mode++) {
		is_whole &= check_and_restore(&objects[mode], target_words, sizeof(target_words));
		is_whole &= check_and_restore(&descriptors[mode], descriptor_bytes[mode],
					      POOL_DESCRIPTOR_BYTES);
	}
	lock_release(&lock);
	/* all are asked, whatever the first says */
	is_whole &= !target_pools_changed();
	is_whole &= !target_boot_changed();
	return !is_whole;
}

static const struct target_watch target_watch = { look, settle };

void target_init(void)
{
	void *object;

	for (enum pool_mode mode = 0; mode < NR_POOL_MODES; mode++) {
		if (target_object_create(mode, &pools[mode], &object) ||
		    pmalloc_protect_pool(pools[mode])) {
			panic("no memory for what attacks aim at");
		}
		objects[mode] = watch(object);
		descriptors[mode] = watch(pools[mode]);
	}
	lock_acquire(&lock);
	if (claimed_create()) {
		panic("no memory for what attacks aim at");
	}
	lock_release(&lock);
	for (unsigned mode = 0; mode < NR_POOL_MODES; mode++) {
		memcpy(descriptor_bytes[mode], pools[mode], POOL_DESCRIPTOR_BYTES);
	}
	target_boot_init();
	witness_watch_sealed(&target_watch);
}

struct bw_sealed_object target_object_describe(const struct pool *pool, const void *object)
{
	struct watched place = watch(object);

	return (struct bw_sealed_object){
		.object = place.address,
		.alias = direct_map_base + pfn_to_pa(place.frame).pa + place.address % PAGE_SIZE,
		.pfn = place.frame.pfn,
		.pool = (uint64_t)pool,
		.entry = (uint64_t)ptable_entry(kernel_root, place.address, 1),
	};
}

void target_describe(struct bw_sealed *out)
{
	*out = (struct bw_sealed){ .window = WINDOW_BASE + objects[POOL_WR].address % PAGE_SIZE };
	if (options.pmalloc == pmalloc_off) {
		out->window = objects[POOL_WR].address;
	}
	for (unsigned mode = 0; mode < NR_POOL_MODES; mode++) {
		out->of_mode[mode] =
			target_object_describe(pools[mode], (const void *)objects[mode].address);
	}
	lock_acquire(&lock);
	out->claimed = target_object_describe(claimed.pool, (const void *)claimed.object.address);
	lock_release(&lock);
}

pfn_t target_frame(void) { return objects[POOL_WR].frame; }
