/* For boot and the audit: address spaces as a whole. */
#pragma once

#include "mm/as/as.h"

void as_init(void);
/* Visits every address space; the list lock is held meanwhile. */
void as_for_each(void (*visit)(struct as *, void *), void *argument);
