/* The end of the line: our own code is wrong. Never for what users, firmware or memory pressure can
 * cause. */
#pragma once

#include "lib/types.h"

struct regs;

/* What higher floors contribute, set while booting: may be NULL. */
struct panic_hooks {
	bool (*read)(uint64_t address, uint64_t *out); /* without a fault; false: it cannot be */
	void (*explain)(const struct regs *regs); /* the owner of the faulting frame, for one */
};
extern struct panic_hooks panic_hooks;

/* On an NMI: halts this CPU for good where another one panics. */
void panic_obey(void);

/* Stops the other CPUs, prints message, CPU, registers, CR2/CR3, held locks and a symbolised
 * backtrace, then stops the machine. */
_Noreturn void panic(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same for a trap: registers and backtrace are those of `regs`. */
_Noreturn void panic_at(const struct regs *regs, const char *format, ...) PRINTF_LIKE(2, 3);
