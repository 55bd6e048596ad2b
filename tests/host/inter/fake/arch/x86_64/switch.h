/* kernel/arch/x86_64/switch.h for the machine of tests/host/inter/: kernel.c. */
#pragma once

#include "lib/types.h"

void context_switch(uint64_t *save, uint64_t *load);
