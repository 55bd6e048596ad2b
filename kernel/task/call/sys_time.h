/* Times that programs give. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/* Half a thousand years: sums of two such times do not overflow. */
#define NS_FOREVER (UINT64_MAX / 2)

/* Linux's struct timespec, in nanoseconds; what is too long becomes NS_FOREVER. EFAULT, EINVAL. */
status_t timespec_load(uva_t at, uint64_t *ns) MUST_CHECK;
