/* Brings up the processors that the MADT names. */
#pragma once

#include "lib/types.h"

struct boot_info;

/*
 * Boot CPU, after its scheduler data exists: starts all others and waits for each. Whatever goes
 * wrong leaves fewer CPUs.
 */
void processors_start(const struct boot_info *info);

/* Where the page that processors start in is mapped; 0: nowhere any more. */
va_t processors_start_page(void);
