/*
 * User bytes in kernel memory: only for the time of a call, piece by piece in a buffer on the stack
 * that is scrubbed before the call returns. What the kernel keeps of user data is what an attacker
 * can aim it at.
 */
#pragma once

#include <stddef.h>

enum { BOUNCE_BYTES = 256 };
/*
 * Zeroes it; unlike memset on a variable that is not used any more, the compiler does not leave it
 * out.
 */
void bounce_scrub(void *buffer, size_t len_bytes);
