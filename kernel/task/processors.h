/* Brings up the processors that the MADT names. */
#pragma once

struct boot_info;

/*
 * Boot CPU, after its scheduler data exists: starts all others and waits for each. Whatever goes
 * wrong leaves fewer CPUs.
 */
void processors_start(const struct boot_info *info);
