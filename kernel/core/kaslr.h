/* Picks the addresses of the kernel's regions: arithmetic alone, the caller brings the randomness.
 */
#pragma once

#include "lib/types.h"

enum { KASLR_IMAGE_STEP = PAGE_SIZE };

/*
 * One of first, first + step, ... up to `last` at most, each as likely as any other to within
 * 2^-64 times their number. random: 64 uniform bits. first <= last.
 */
uint64_t kaslr_pick(uint64_t random, uint64_t first, uint64_t last, uint64_t step);

/* For an image of that size, from `lowest` up. Its end leaves the last 2 MiB of addresses free. */
uint64_t kaslr_pick_image(uint64_t random, uint64_t lowest, uint64_t image_bytes);
