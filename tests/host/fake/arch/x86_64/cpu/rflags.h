/* The flags of a host program are not the kernel's. */
#pragma once

#include "lib/types.h"

static inline bool rflags_are_clean(void) { return true; }
