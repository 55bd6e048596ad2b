/*
 * The auditor: walks every page table of the machine against policy.def and the frame table.
 */
#pragma once

#include "abi/bulwark.h"
#include "lib/format.h"

struct audit;

/* Takes the list of address spaces and each one's lock. Frames must not be in transit on other
 * CPUs. */
void audit_run(struct bw_audit *out);

/* Boot: a part of the audit that belongs to a higher floor. It runs while the world stands still,
 * and may take locks. */
void audit_set_part(void (*part)(struct audit *audit));
/* For such a part: counts the violation; the first one's message is kept. */
void audit_violation(struct audit *audit, const char *message, ...) PRINTF_LIKE(2, 3);
/* The same: memory of protected.def, where the part knows that it is. */
void audit_protected_range(struct audit *audit, const char *name, uint64_t start, uint64_t end);
