/* Frames that the kernel gave back rest, marked, before others can have them. */
#include "mm/frame/frame_pool.h"

/* The oldest one leaves the ring. */
static void leave(struct frame_rest *rest)
{
	unsigned at = (rest->next + FRAMES_RESTING_MAX - rest->nr) % FRAMES_RESTING_MAX;

	rest->nr--;
	count_add(&rest->nr_frames, -(1ul << rest->blocks[at].order));
	buddy_insert(&frame_pool.buddy, rest->blocks[at].first, rest->blocks[at].order,
		     FREE_REVEALED);
}

void frame_rest_enter(pfn_t first, unsigned order)
{
	struct frame_rest *rest = &frame_pool.rest;

	if (rest->nr == FRAMES_RESTING_MAX) {
		leave(rest);
	}
	rest->blocks[rest->next].first = first;
	rest->blocks[rest->next].order = order;
	rest->next = (rest->next + 1) % FRAMES_RESTING_MAX;
	rest->nr++;
	count_add(&rest->nr_frames, 1ul << order);
}

unsigned frame_rest_empty(void)
{
	unsigned nr = (unsigned)frame_pool.rest.nr_frames;

	while (frame_pool.rest.nr) {
		leave(&frame_pool.rest);
	}
	return nr;
}
