/*
 * User-half translations of one address space on all CPUs, and which address space a CPU runs: the
 * root of the one that it ran before may stay loaded meanwhile. A downgrade (munmap, mprotect,
 * copy-on-write) interrupts the CPUs that run the address space and returns when none of them can
 * use the old translation; CPUs that do not run it notice by its generation when they load it
 * again.
 */
#pragma once

#include "core/tlb_cpu.h"
#include "lib/types.h"
#include "mm/tlb/tlb_batch.h"

struct as_tlb {
	pa_t root; /* kernel root; the shadow root is the next frame */
};

void as_tlb_init(struct as_tlb *tlb, pa_t kernel_root);
/* No CPU may use it, or have it loaded. */
void as_tlb_destroy(const struct as_tlb *tlb);
/* On this CPU. */
bool as_tlb_is_in_use(const struct as_tlb *tlb);

/*
 * After the page-table writes of pages in [start, end): Flushes them on every CPU that runs the
 * address space, and Blocks until those CPUs have. Afterwards the frames may be freed. Tables that
 * are freed as well: pass the range they spanned. Not while the window is open. Callers need not
 * serialise.
 */
void as_tlb_downgrade(struct as_tlb *tlb, uva_t start, uva_t end);
/* The same for a batch, which is empty afterwards; does nothing for an empty one. */
void as_tlb_flush(struct as_tlb *tlb, struct tlb_batch *batch);
/* Of a root's user half: until no CPU may use what is older than its generation. Blocks. */
void as_tlb_wait(uint32_t root);

/*
 * After an entry became more permissive (and maps the same frame): Flushes that page here, under
 * the kernel's PCID; a fault in user mode has removed the user PCID's by itself. Other CPUs may
 * fault once more; as_fault finds nothing to do then.
 */
void as_tlb_upgrade(struct as_tlb *tlb, uva_t page);

/*
 * Flushes as needed: this CPU uses the address space, or the kernel's own root (NULL), while the
 * same thread goes on. Full barrier. (Another thread: context_switch, arch/x86_64/entry/switch.h.)
 */
void tlb_switch(struct as_tlb *tlb);
/* After context_switch: notes what it returned (enum switch_did). Need not be called for 0, but in
 * debug builds. */
void tlb_switched(unsigned did);
/* Where the translations of the address space in use are: what context_switch is told next time. */
uint32_t tlb_slot(void);

/* The root of the address space that is in use is loaded, whichever was. */
void as_tlb_settle(void);

/* tlb.c's side: brings the user half in use up to date if it is not, and loads it. */
void as_tlb_catch_up(void);
