/* The process that the console's interrupt key ends. */
#pragma once

#include "lib/types.h"

void foreground_init(void);
/* 0: none */
void foreground_set(uint32_t pid);
