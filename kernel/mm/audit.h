/*
 * The auditor: walks every page table of the machine against policy.def and the frame table.
 */
#pragma once

#include "abi/bulwark.h"

/* Takes the list of address spaces and each one's lock. Frames must not be in transit on other
 * CPUs. */
void audit_run(struct bw_audit *out);
