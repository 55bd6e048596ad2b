/* Time since boot from the TSC, calibrated against the 8254 once; the time of day from the
 * machine's clock. */
#pragma once

#include "lib/types.h"

/* False: the 8254 cannot be used; how fast time goes is what the processor says, or a guess. */
bool clock_init(void);
uint64_t clock_now_ns(void);
/* Time of day: nanoseconds since 1970, of the machine's clock as it was at boot. */
uint64_t clock_realtime_ns(void);
/* The time of clock_now_ns at which clock_realtime_ns is this; 0: that has passed before boot. */
uint64_t clock_of_realtime(uint64_t realtime_ns);
uint64_t clock_tsc_hz(void); /* never 0 */
/* Waits; boot only. */
void clock_delay_us(uint64_t us);
