/*
 * Random bytes: ChaCha20 keyed afresh for each request from RDSEED and RDRAND, the time-stamp
 * counter, and what requests before left behind. Any context, no locks. Without RDRAND it is as
 * good as the jitter of the counter.
 */
#pragma once

#include <stddef.h>

void random_fill(void *to, size_t len_bytes);
