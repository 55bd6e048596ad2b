/*
 * User bytes in kernel memory: only for the time of a call, piece by piece in a buffer on the stack
 * that is scrubbed before the call returns. What the kernel keeps of user data is what an attacker
 * can aim it at.
 */
#pragma once

#include <stddef.h>

enum { BOUNCE_BYTES = 256 };
/*
 * What one call moves at most; the rest is for the next call, as the caller must expect. The kernel
 * runs with interrupts off, so no call may take long.
 */
#define CALL_BYTES_MAX (64ul << 10)

/*
 * Zeroes it; unlike memset on a variable that is not used any more, the compiler does not leave it
 * out.
 */
void bounce_scrub(void *buffer, size_t len_bytes);
