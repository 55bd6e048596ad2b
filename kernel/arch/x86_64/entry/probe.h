/* Reads a kernel address that may not be mapped. For tests and reports: ordinary code knows what it
 * may touch. */
#pragma once

#include "arch/x86_64/cpu/registers.h"

/* True and *out when the eight bytes could be read; false when that faulted. */
bool probe_read(uint64_t address, uint64_t *out);
/* The fault handler's side: true, and regs->rip moved on, when the fault was probe_read's. */
bool probe_fixup(struct regs *regs);
