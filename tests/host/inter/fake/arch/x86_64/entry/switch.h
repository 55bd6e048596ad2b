/* kernel/arch/x86_64/entry/switch.h for the machine of tests/host/inter/: kernel.c. */
#pragma once

#include "lib/types.h"

uint64_t context_switch(uint64_t *save, uint64_t *load, uint32_t stack, uint32_t slot);

static inline void fpu_switch(void *save, const void *load)
{
	(void)save;
	(void)load;
}
static inline void segments_clear(void) {}
