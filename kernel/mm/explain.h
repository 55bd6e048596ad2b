/*
 * Why an access of the kernel's was refused: what lies at the address, and which defence said no.
 */
#pragma once

#include "abi/bulwark.h"
#include "mm/frame.h"

enum { EXPLANATION_BYTES = 192 };

struct explanation {
	const char *region; /* "direct map", "kernel text", ... */
	pfn_t frame;        /* that the address stands for; PFN_NONE: none */
	enum owner owner;   /* of the frame */
	bool is_hidden;     /* the frame */
	bool is_mapped;     /* the address, in the root that was walked */
	enum bw_defence defence;
	char reason[EXPLANATION_BYTES]; /* one plain sentence */
};

/*
 * error: the page fault's error code; rflags: those of the access. Walks `root`, so call it before
 * anything is mapped or freed.
 */
void explain_fault(pfn_t root, uint64_t address, uint64_t error, uint64_t rflags,
		   struct explanation *out);

/* "SMEP", "XPFO", ...; "none" */
const char *defence_name(enum bw_defence defence);
