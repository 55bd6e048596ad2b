/* The end of the machine. */
#pragma once

/*
 * Says the exit status on the log, where the host reads it, waits until it has left, and switches
 * the machine off.
 */
_Noreturn void power_off(int status);
