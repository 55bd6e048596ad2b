/* The one vulnerability that C cannot express. */
#pragma once

#include "lib/types.h"

/* Takes the address for a stack: loads RSP with it and returns to the word there. */
void vuln_pivot_stub(uint64_t stack);
/* The label in entry.asm that expects RSP at a struct regs and returns to user mode with it. */
extern const char user_return_frame[];
