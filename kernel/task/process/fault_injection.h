/* Fault injection (ktest=on): a chosen kernel allocation of a process fails. */
#pragma once

void fault_injection_init(void);
