/* Switching the machine off. */
#pragma once

/*
 * By what the emulators understand; the status goes to those that take one. Halts for good on a
 * machine that understands none of it.
 */
_Noreturn void power_cut(int status);
