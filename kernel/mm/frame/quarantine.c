/* A ring of blocks in the order of their generations. */
#include "mm/frame/quarantine.h"

#include "lib/assert.h"

void quarantine_enter(struct quarantine *quarantine, pfn_t first, unsigned order,
		      uint64_t generation)
{
	unsigned at = (quarantine->first + quarantine->nr) % QUARANTINE_MAX;

	assert(!quarantine_is_full(quarantine) && generation);
	quarantine->blocks[at] = (struct quarantine_block){ first, order, generation };
	quarantine->nr++;
	count_add(&quarantine->nr_frames, 1ul << order);
}

uint64_t quarantine_oldest(const struct quarantine *quarantine)
{
	return quarantine->nr ? quarantine->blocks[quarantine->first].generation : 0;
}

bool quarantine_leave(struct quarantine *quarantine, uint64_t complete, pfn_t *first,
		      unsigned *order)
{
	const struct quarantine_block *oldest = &quarantine->blocks[quarantine->first];

	if (!quarantine->nr || oldest->generation > complete) {
		return false;
	}
	*first = oldest->first;
	*order = oldest->order;
	quarantine->first = (quarantine->first + 1) % QUARANTINE_MAX;
	quarantine->nr--;
	count_add(&quarantine->nr_frames, -(1ul << *order));
	return true;
}
