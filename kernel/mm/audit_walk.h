/* What the auditor's parts share. */
#pragma once

#include "abi/bulwark.h"
#include "lib/format.h"
#include "mm/frame.h"

struct audit {
	struct bw_audit *result;
	const char *root_name;
	uint64_t nr_direct; /* direct-map leaves seen */
};

/* One leaf, and what all levels above it allow. */
struct leaf {
	uint64_t address;
	pfn_t frame;
	unsigned level;
	bool writable, executable, user;
};

/* Counts it; the first one's message is kept. */
void audit_violation(struct audit *audit, const char *message, ...) PRINTF_LIKE(2, 3);

/* Holds every leaf below the top-level entries [first, end) of a root against the policy. */
void audit_walk_slots(struct audit *audit, pfn_t root, unsigned first, unsigned end);

/* The shadow root of the pair: its user half is the kernel root's, the rest the entry area's one
 * entry. */
void audit_shadow_root(struct audit *audit, pfn_t kernel_root_of_pair);

/* What all shadow roots show of the kernel: the pages, their rights, and every byte in them. */
void audit_entry_area(struct audit *audit);
