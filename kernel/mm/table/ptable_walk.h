/* A walk of page tables as the processor makes it, with every entry on the way: for reports. */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "lib/types.h"

struct ptable_walk {
	/* entries[LEVEL_MAX] down to entries[last] were read; 0: none, the address has no walk */
	unsigned last;
	bool is_mapped; /* entries[last] is a leaf */
	pte_t entries[LEVEL_MAX + 1];
};

/*
 * Never faults, whatever the tables hold and whoever changes them meanwhile; takes no lock. A
 * non-canonical address has no walk.
 */
void ptable_walk(pfn_t root, uint64_t address, struct ptable_walk *out);

/* A right is there when every entry on the way gives it. */
enum walk_right { WALK_WRITE, WALK_EXECUTE, WALK_USER };
/* Of one entry. */
bool walk_entry_gives(pte_t entry, enum walk_right right);
/* The level that takes it away, the first on the way; 0: none does. */
unsigned ptable_walk_stop(const struct ptable_walk *walk, enum walk_right right);
static inline bool ptable_walk_gives(const struct ptable_walk *walk, enum walk_right right)
{
	return walk->is_mapped && !ptable_walk_stop(walk, right);
}

/* The frame that the address leads to; PFN_NONE: none. */
pfn_t ptable_walk_frame(const struct ptable_walk *walk, uint64_t address);

/* Does the processor know such an address? */
static inline bool address_is_canonical(uint64_t address)
{
	return address + (1ul << 47) < 1ul << 48;
}
