/* The machine's clock, which goes on while it is off. */
#pragma once

#include "lib/types.h"

/* Seconds since 1970, the clock taken for UTC; 0: there is none, or it makes no sense. Boot. */
uint64_t rtc_read_seconds(void);
