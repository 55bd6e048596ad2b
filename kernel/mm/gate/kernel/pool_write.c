/*
 * In the gate: write-rare. What is written to is an address; which frames that means the page
 * tables of the kernel half say, and whose they are the frame table and the descriptors. With the
 * kernel half locked, so that none of them becomes another's meanwhile.
 */
#include "lib/string.h"
#include "mm/frame/window.h"
#include "mm/gate/current/credential.h"
#include "mm/gate/kernel/pools.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"

/* The pages of [to, to + len_bytes), all of one area. */
struct target {
	pfn_t frames[WINDOW_PAGES];
	unsigned nr;
	slot_id area;
};

bool pool_page_find(uint64_t at, pfn_t *out)
{
	pte_t pte = ptable_lookup(kernel_root, at, NULL);

	*out = pte_frame(pte);
	return pte_is_present(pte) && pfn_is_valid(*out) && frame_entry(*out)->owner == OWNER_POOL;
}

static bool find(uint64_t to, uint64_t len_bytes, struct target *out)
{
	uint64_t at = align_down(to, PAGE_SIZE), end = to + len_bytes;

	if (policy_view_of(to) != VIEW_POOLS || !len_bytes || len_bytes > POOL_SIZE ||
	    end - at > WINDOW_PAGES * PAGE_SIZE) {
		return false;
	}
	for (out->nr = 0; at < end; at += PAGE_SIZE, out->nr++) {
		pfn_t *frame = &out->frames[out->nr];

		if (!pool_page_find(at, frame)) {
			return false;
		}
		if (out->nr && frame_entry(*frame)->number != out->area) {
			return false;
		}
		out->area = frame_entry(*frame)->number;
	}
	return true;
}

/* A whole descriptor, from what the kernel has to what it may become. */
static uint64_t slot_write(uint64_t to, const struct pool_write *what, const struct target *target)
{
	const union pool_slot *old = (const union pool_slot *)to;
	union pool_slot new;

	if (to < POOL_SLOTS_START || (to - POOL_SLOTS_START) % sizeof(new) ||
	    to >= POOL_SLOTS_START + POOL_SLOTS_BYTES || what->len_bytes != sizeof(new) ||
	    what->kind != POOL_WRITE_COPY) {
		return GATE_NO_CHANGE;
	}
	if (!gate_may_read((const void *)what->value, sizeof(new))) {
		return GATE_NO_CHANGE;
	}
	memcpy(&new, (const void *)what->value, sizeof(new));
	if (!pool_slot_may_become((slot_id)((to - POOL_SLOTS_START) / sizeof(new)), old, &new)) {
		return GATE_NO_CHANGE;
	}
	if (new.header.kind == SLOT_AREA && old->header.kind != SLOT_AREA) {
		gate_pools_next_set(new.area.base + new.area.len_bytes + PAGE_SIZE);
	}
	gate_write(target->frames, target->nr, to % PAGE_SIZE, &new, sizeof(new));
	return GATE_DONE;
}

static bool are_placed(const struct target *target)
{
	for (unsigned i = 0; i < target->nr; i++) {
		if (frame_entry(target->frames[i])->flags & FRAME_PLACED) {
			return true;
		}
	}
	return false;
}

/*
 * The object's bounds are the caller's to know. A claimed pool is named by who writes to it. The
 * gate alone writes credentials, and what the entry area shows of a pool: struct cpu_sealed, the
 * words that it goes by itself, and the call table.
 */
static bool may_write(uint64_t to, const struct pool_write *what, const struct target *target)
{
	const union pool_slot *area = pool_slot(target->area, SLOT_AREA);
	const union pool_slot *pool = area ? pool_slot(area->area.pool, SLOT_POOL) : NULL;

	return pool && to - area->area.base < area->area.len_bytes && !pool->pool.is_read_only &&
	       &pool->pool != gate_credentials.pool &&
	       (!pool->pool.is_claimed || area->area.pool == what->pool) && !are_placed(target);
}

static uint64_t write(uint64_t to, const struct pool_write *what)
{
	struct target target;

	if (!find(to, what->len_bytes, &target)) {
		return GATE_NO_FRAME;
	}
	if (!target.area) {
		return slot_write(to, what, &target);
	}
	if (!may_write(to, what, &target)) {
		return GATE_NOT_OURS;
	}
	switch (what->kind) {
	case POOL_WRITE_COPY:
		if (!gate_may_read((const void *)what->value, what->len_bytes)) {
			return GATE_NO_CHANGE;
		}
		gate_write(target.frames, target.nr, to % PAGE_SIZE, (const void *)what->value,
			   what->len_bytes);
		return GATE_DONE;
	case POOL_WRITE_SET:
		gate_set(target.frames, target.nr, to % PAGE_SIZE, (int)what->value,
			 what->len_bytes);
		return GATE_DONE;
	case POOL_WRITE_STORE:
		/* aligned, so that it lies within the page that is shown */
		return to % what->len_bytes == 0 && gate_store(target.frames[0], to % PAGE_SIZE,
							       what->value, what->len_bytes)
			       ? GATE_DONE
			       : GATE_NO_CHANGE;
	}
	return GATE_NO_CHANGE;
}

/* The address, bytes or where they are, how many and how (pool_write_how), whose pool. */
uint64_t gate_pool_write(uint64_t to, uint64_t value, uint64_t how, uint64_t pool)
{
	struct pool_write what = { .kind = (enum pool_write_kind)(how >> 32),
				   .len_bytes = (uint32_t)how,
				   .value = value,
				   .pool = (slot_id)pool };
	uint64_t refusal;

	gate_kernel_half_lock();
	refusal = write(to, &what);
	gate_kernel_half_unlock();
	return refusal;
}
