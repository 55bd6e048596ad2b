/* kernel/mm/frame/kspace.h for the machine of tests/host/inter/: its stacks lie side by side. */
#pragma once

#define kstack_slot hardware_kstack_slot
#include_next "mm/frame/kspace.h"
#undef kstack_slot
#undef SLOT_BYTES

#include "inter/machine.h"

#define SLOT_BYTES ((uint64_t)SIM_STACK_BYTES)
#define KSTACK_FIRST_RSP                                                                           \
	(align_down(SLOT_BYTES - sizeof(struct regs), 16) - SIM_FIRST_WORDS * sizeof(uint64_t))

static inline uint32_t kstack_slot(va_t base)
{
	return (uint32_t)((base.va - kspace_base) / SLOT_BYTES);
}
