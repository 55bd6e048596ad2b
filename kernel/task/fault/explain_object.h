/* Which of the kernel's or a process's objects an address lies in. */
#pragma once

#include "lib/text.h"
#include "mm/watch/explain_access.h"

/*
 * Appends a phrase such as "object of slab processes, 0x40 bytes from its start"; nothing where
 * none is known. All other CPUs are stopped; takes locks.
 */
void explain_object(struct text *text, const struct explanation *explanation,
		    const struct memory_region *region);
