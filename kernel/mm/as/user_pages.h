/* What a pair of roots shows of user space, found out without trust and without a lock. */
#pragma once

#include "lib/types.h"

/*
 * Calls `visit` for each frame that the user half of the kernel root, or of the shadow root behind
 * it, translates to, until one returns true; returns whether one did. A large page counts as its
 * frames of 4 KiB. True, too, where more is shown than the machine has: somebody forged tables.
 * Never faults, whatever the tables hold and whoever changes them meanwhile. `pause` (NULL: none)
 * is called after each table, and each 512 frames of a large page.
 */
bool user_pages_walk(pfn_t root, bool (*visit)(pfn_t frame, void *argument), void *argument,
		     void (*pause)(void));
