/*
 * The region of pools on the machine: an address there becomes accessible at its first access, as
 * the page tables say then, and stays so until everything is flushed, whatever they say meanwhile.
 * Any other access ends the test.
 */
#pragma once

#include "lib/types.h"

/* Once, after machine_start. */
void pool_tlb_start(void);
/* Dies when something can still be written that the page tables say is read-only or gone. */
void pool_tlb_check(void);
