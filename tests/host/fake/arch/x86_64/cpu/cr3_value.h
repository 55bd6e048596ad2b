/* Host tests: CR3 as the test has it. */
#pragma once

#include "lib/types.h"

uint64_t cr3_value(void);
