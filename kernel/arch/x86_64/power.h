/* The end of the machine. */
#pragma once

/*
 * Says the exit status on the log, where the host reads it, waits until it has left, and switches the machine off by what
 * the emulators understand. On a machine that understands none of it: halts.
 */
_Noreturn void power_off(int status);
