/* Picks the addresses of the kernel's regions. */
#include "core/kaslr.h"

#include "lib/assert.h"

/* Never mapped: small negative numbers are no pointers, and an end address does not wrap. */
#define TOP_UNUSED (2ul << 20)

uint64_t kaslr_pick(uint64_t random, uint64_t first, uint64_t last, uint64_t step)
{
	uint64_t nr_places = (last - first) / step + 1;

	assert(first <= last);
	return first + step * (uint64_t)((unsigned __int128)random * nr_places >> 64);
}

uint64_t kaslr_pick_image(uint64_t random, uint64_t lowest, uint64_t image_bytes)
{
	uint64_t end = -TOP_UNUSED;

	return kaslr_pick(random, lowest, end - align_up(image_bytes, PAGE_SIZE), KASLR_IMAGE_STEP);
}
