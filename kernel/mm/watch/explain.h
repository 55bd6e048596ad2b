/*
 * Why an access of the kernel's was refused: what lies at the address, how both roots lead there,
 * whose the frame is and was, and which defence said no. Takes no lock and never faults, so a panic
 * may ask, too.
 */
#pragma once

#include "abi/bulwark.h"
#include "mm/frame/frame_history.h"
#include "mm/table/ptable_walk.h"

enum { EXPLANATION_BYTES = 192 };

struct regs;

struct explanation {
	uint64_t address;
	const char *region; /* "direct map", "kernel text", ... */
	struct ptable_walk kernel_walk, shadow_walk;
	bool has_shadow; /* else user mode runs on the kernel root: KAISER is off, or no process */
	bool is_mapped;  /* the address, in the kernel root */
	pfn_t frame;     /* that the address stands for; PFN_NONE: none */
	enum owner owner;
	bool is_hidden;
	struct frame_history history;
	enum bw_defence defence;
	char reason[EXPLANATION_BYTES]; /* one plain sentence */
};

/*
 * A page fault. error: its error code; rflags: those of the access. `root` is a kernel root, and
 * has a shadow behind it unless it is kernel_root. Call it before anything is mapped or freed.
 */
void explain_fault(pfn_t root, uint64_t address, uint64_t error, uint64_t rflags,
		   struct explanation *out);

/*
 * Any other exception: what in the registers the processor will have refused. out->address is that
 * value, or else the instruction's address.
 */
void explain_exception(pfn_t root, const struct regs *regs, struct explanation *out);

/* What lies there, for no access: reason is empty, and the defence NONE. */
void explain_address(pfn_t root, uint64_t address, struct explanation *out);

/* "SMEP", "XPFO", ...; "none" */
const char *defence_name(enum bw_defence defence);
