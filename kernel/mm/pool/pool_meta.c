/* The descriptors of pools and areas: sealed write-rare memory of their own. */
#include "core/options.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/pool/pool.h"

enum { HEADER_ID = 0, SLOTS_PER_PAGE = PAGE_SIZE / sizeof(union pool_slot) };

static union pool_slot *slot_address(slot_id id)
{
	return (union pool_slot *)(POOL_SLOTS_START + id * sizeof(union pool_slot));
}

const struct pool_header *pool_header(void) { return &slot_address(HEADER_ID)->header; }

const union pool_slot *pool_slot(slot_id id, enum slot_kind kind)
{
	const union pool_slot *slot = slot_address(id);

	/* kind comes first in all of them */
	return id < pool_header()->nr_slots && slot->header.kind == kind ? slot : NULL;
}

void pool_slot_write(slot_id id, const union pool_slot *value)
{
	status_t status = STATUS_OK;

	if (options.pmalloc == pmalloc_off) {
		*slot_address(id) = *value;
	} else {
		status = pool_copy(HEADER_ID, (uint64_t)slot_address(id), value, sizeof(*value));
	}
	if (status) {
		panic("the descriptors of the pools are not where they were");
	}
}

void pool_header_write(const struct pool_header *value)
{
	pool_slot_write(HEADER_ID, &(union pool_slot){ .header = *value });
}

/* One more page of descriptors, all free. */
static status_t page_add(struct pool_header *header)
{
	uint64_t page = POOL_SLOTS_START + header->nr_slots * sizeof(union pool_slot);
	status_t status;

	if (page >= POOL_SLOTS_START + POOL_SLOTS_BYTES) {
		return STATUS_ENOMEM;
	}
	status = pool_pages_map(page, HEADER_ID, header->nr_slots / SLOTS_PER_PAGE, 1,
				POOL_PAGE_SEALED);
	if (status) {
		return status;
	}
	for (unsigned i = SLOTS_PER_PAGE; i-- > 0;) {
		slot_id id = header->nr_slots + i;

		if (id != HEADER_ID) {
			union pool_slot slot = { .free = { .kind = SLOT_FREE,
							   .next_free = header->first_free } };

			pool_slot_write(id, &slot);
			header->first_free = id;
		}
	}
	header->nr_slots += SLOTS_PER_PAGE;
	return STATUS_OK;
}

status_t pool_slot_take(slot_id *out)
{
	struct pool_header header = *pool_header();
	status_t status = STATUS_OK;

	if (!header.first_free) {
		status = page_add(&header);
	}
	if (status == STATUS_OK) {
		*out = header.first_free;
		header.first_free = slot_address(*out)->free.next_free;
		pool_header_write(&header);
	}
	return status;
}

void pool_slot_give(slot_id id)
{
	struct pool_header header = *pool_header();
	union pool_slot slot = { .free = { .kind = SLOT_FREE, .next_free = header.first_free } };

	assert(id != HEADER_ID && id < header.nr_slots);
	pool_slot_write(id, &slot);
	header.first_free = id;
	pool_header_write(&header);
}

void pmalloc_init(void)
{
	struct pool_header header = { .kind = SLOT_HEADER, .next_address = POOL_AREAS_START };

	lock_acquire(&pool_lock);
	if (page_add(&header)) {
		panic("no memory for the descriptors of pools");
	}
	pool_header_write(&header);
	lock_release(&pool_lock);
}
