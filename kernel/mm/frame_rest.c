/* Frames that the kernel gave back rest in builds that mark them, the newest the longest. */
#include "mm/frame_pool.h"

/* BUILD=kasan: the oldest one leaves the ring. */
static void leave(struct frame_rest *rest)
{
	unsigned at = (rest->next + FRAMES_RESTING_MAX - rest->nr) % FRAMES_RESTING_MAX;

	rest->nr--;
	count_add(&rest->nr_frames, -(1ul << rest->blocks[at].order));
	buddy_insert(&frame_pool.buddy, rest->blocks[at].first, rest->blocks[at].order,
		     FREE_REVEALED);
}

static void enter(struct frame_rest *rest, pfn_t first, unsigned order)
{
	if (rest->nr == FRAMES_RESTING_MAX) {
		leave(rest);
	}
	rest->blocks[rest->next].first = first;
	rest->blocks[rest->next].order = order;
	rest->next = (rest->next + 1) % FRAMES_RESTING_MAX;
	rest->nr++;
	count_add(&rest->nr_frames, 1ul << order);
}

void frame_rest_put(pfn_t first, unsigned order)
{
	if (KASAN) {
		enter(&frame_pool.rest, first, order);
	} else {
		buddy_insert(&frame_pool.buddy, first, order, FREE_REVEALED);
	}
}

unsigned frame_rest_empty(void)
{
	unsigned nr = (unsigned)frame_pool.rest.nr_frames;

	while (KASAN && frame_pool.rest.nr) {
		leave(&frame_pool.rest);
	}
	return nr;
}
