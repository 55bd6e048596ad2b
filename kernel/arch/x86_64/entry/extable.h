/* Instructions that may fault on user memory, and where to go on when they do. */
#pragma once

#include "arch/x86_64/cpu/registers.h"

/* Rewrites regs->rip when the faulting instruction is in the table; false: it is not. */
bool extable_fixup(struct regs *regs);
