/* BUILD=fuzz: bytes that come in on the serial line. */
#pragma once

#include "lib/types.h"

/* FUZZ_TYPE of fuzz_abi.h. No lock may be held. EINVAL, EFAULT. */
int64_t keys_type(uint64_t at, uint64_t len_bytes);
