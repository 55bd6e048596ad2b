/* Time since boot from the TSC, calibrated against the 8254 once. */
#pragma once

#include "lib/types.h"

/* False: the 8254 cannot be used; how fast time goes is what the processor says, or a guess. */
bool clock_init(void);
uint64_t clock_now_ns(void);
uint64_t clock_tsc_hz(void); /* never 0 */
/* Waits; boot only. */
void clock_delay_us(uint64_t us);
