/* Time since boot from the TSC, calibrated against the 8254 once. */
#pragma once

#include "lib/types.h"

void clock_init(void);
uint64_t clock_now_ns(void);
uint64_t clock_tsc_hz(void);
/* Waits; boot only. */
void clock_delay_us(uint64_t us);
