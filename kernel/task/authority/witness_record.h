/* The record of an attack, for the code that ends the attack. */
#pragma once

#include "abi/bulwark.h"
#include "lib/types.h"

/*
 * The job of the attack that this process began: its members may not fork from now on. 0: there is
 * none that the current process may end.
 */
uint32_t record_close(uint32_t pid);
/* The job of another attack that this process was to end, but has ended itself; 0: none is left. */
uint32_t record_close_of(uint32_t parent);
/* What the attack achieved; the record is free then. Its members have ended. Flushes. */
void record_take(uint32_t job, struct bw_attack *out);
