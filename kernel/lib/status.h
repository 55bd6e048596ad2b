/* The result of everything that users, firmware or memory pressure can make fail: 0 or a negated
 * errno value. */
#pragma once

typedef enum status {
	STATUS_OK = 0,
#define STATUS(name, value, text) STATUS_##name = -value,
#include "abi/status.def"
#undef STATUS
} status_t;

#define MUST_CHECK __attribute__((warn_unused_result))
