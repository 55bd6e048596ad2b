/*
 * Random bytes: ChaCha20 keyed afresh for each request from RDSEED and RDRAND, the time-stamp
 * counter, and what requests before left behind. Any context, no locks. Without RDRAND it is as
 * good as the jitter of the counter.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void random_fill(void *to, size_t len_bytes);
/* nr bytes, all values below `limit` equally likely. Draws others again: for limits near 256. */
void random_fill_below(uint8_t *to, size_t nr, uint8_t limit);
