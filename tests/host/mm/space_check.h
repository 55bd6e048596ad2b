/* What holds of an address space whenever its lock is free. */
#pragma once

#include "mm/as/as.h"

/* Dies where regions and page tables do not agree. */
void space_check(struct as *as);
/* Dies where a user frame counts other references than entries of all address spaces. */
void references_check(void);
