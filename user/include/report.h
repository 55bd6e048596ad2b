/* Telling how a process ended, in the kernel's own words. */
#pragma once

#include "bulwark.h"

/*
 * Prints the kernel's explanation; nothing where it has none, or has put it on this console
 * already.
 */
void report_print(const struct bw_report *report);
