/*
 * User-half translations of one address space on all CPUs, and which address space a CPU runs: the
 * root of the one that it ran before may stay loaded meanwhile. A downgrade (munmap, mprotect,
 * copy-on-write) interrupts the CPUs that run the address space and returns when none of them can
 * use the old translation; CPUs that do not run it notice by its generation when they load it
 * again.
 */
#pragma once

#include "core/cpu.h"
#include "lib/types.h"
#include "mm/tlb_batch.h"

enum { CPUS_PER_WORD = 64 };

struct as_tlb {
	uint64_t id;           /* never 0, never used again */
	pa_t root;             /* kernel root; the shadow root is the next frame */
	tlb_word_t generation; /* of the user half; only rises */
	uint32_t slot;         /* that some CPU chose for it last: where to look first (asid.c) */
	tlb_word_t active[NR_CPUS_MAX /
			  CPUS_PER_WORD]; /* bit set: that CPU runs it, or left it loaded */
};

void as_tlb_init(struct as_tlb *tlb, pa_t kernel_root);
/* The highest id that one was given. */
uint64_t as_tlb_newest_id(void);
/* No CPU may have it loaded. Its slots on other CPUs need nothing: the id does not come back. */
void as_tlb_destroy(const struct as_tlb *tlb);

/*
 * After the page-table writes of pages in [start, end): Flushes them on every CPU that runs the
 * address space, and Blocks until those CPUs have. Afterwards the frames may be freed. Tables that
 * are freed as well: pass the range they spanned. Not while the window is open. Callers need not
 * serialise.
 */
void as_tlb_downgrade(struct as_tlb *tlb, uva_t start, uva_t end);
/* The same for a batch, which is empty afterwards; does nothing for an empty one. */
void as_tlb_flush(struct as_tlb *tlb, struct tlb_batch *batch);

/*
 * Replaces what a user-half entry of [start, end) says by something else about another frame:
 * clears the entry, downgrades, and only then writes the new value. At no time can one CPU use the
 * old frame at an address and another the new one. Blocks as as_tlb_downgrade does; a fault on the
 * page meanwhile waits for the lock that the caller holds.
 */
void as_tlb_replace(struct as_tlb *tlb, tlb_word_t *entry, uint64_t value, uva_t start, uva_t end);

/*
 * After an entry became more permissive (and maps the same frame): Flushes that page here, under
 * the kernel's PCID; a fault in user mode has removed the user PCID's by itself. Other CPUs may
 * fault once more; as_fault finds nothing to do then.
 */
void as_tlb_upgrade(struct as_tlb *tlb, uva_t page);

/* Another of the kernel's stacks (kspace.h), and where the one that is left goes on; or the same.
 */
#define STACK_STAYS UINT32_MAX
struct stack_change {
	uint32_t to;
	uint64_t rsp;
};
/*
 * Flushes as needed: loads the address space on this CPU, or the kernel's own root (NULL), as
 * another stack goes on: returns where. Full barrier.
 */
uint64_t tlb_switch(struct as_tlb *tlb, struct stack_change stacks);

/* The root of the address space that is in use is loaded, whichever was. */
void as_tlb_settle(void);

/* tlb.c's side: brings the loaded user half up to date if it is not. */
void as_tlb_catch_up(void);
