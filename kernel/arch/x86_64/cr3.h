/*
 * CR3 as a value, and the only C code that writes the register. Which PCID stands for what:
 * mm/asid.h. Source: Intel SDM vol. 3A, "Process-Context Identifiers (PCIDs)".
 *
 *    63        62      52 51               12 11    0
 *   NOFLUSH        0        root, 4 KiB units   PCID
 */
#pragma once

#include "lib/types.h"

typedef struct {
	uint64_t value;
} cr3_t;
typedef struct {
	uint16_t pcid;
} pcid_t;

/* Keep what the TLB holds under the PCID being loaded. */
#define CR3_NOFLUSH (1ul << 63)
#define CR3_ROOT_MASK 0x000ffffffffff000ul
enum { CR3_PCID_MASK = 0xfff };

/* Is CR4.PCIDE set? Without it the PCID bits of every cr3_t are 0 and NOFLUSH is never set. */
extern bool pcid_is_on;

/* Without PCID in use, the PCID is left out. */
static inline cr3_t cr3_make(pa_t root, pcid_t pcid)
{
	return (cr3_t){ root.pa | (pcid_is_on ? pcid.pcid : 0) };
}

static inline cr3_t cr3_noflush(cr3_t cr3)
{
	return (cr3_t){ cr3.value | (pcid_is_on ? CR3_NOFLUSH : 0) };
}
static inline pa_t cr3_root(cr3_t cr3) { return (pa_t){ cr3.value & CR3_ROOT_MASK }; }
static inline pcid_t cr3_pcid(cr3_t cr3)
{
	return (pcid_t){ (uint16_t)(cr3.value & CR3_PCID_MASK) };
}
static inline bool cr3_is_noflush(cr3_t cr3) { return cr3.value & CR3_NOFLUSH; }

cr3_t cr3_read(void);

/* Flushes what the PCID holds, unless NOFLUSH. For roots without a user half, and to return to a
 * root just left. */
void cr3_load(cr3_t cr3);
/* Flushes likewise. generation: of the root's user half (mm/as_tlb.h), as read before; for the
 * oracle. */
void cr3_load_as(cr3_t cr3, uint64_t generation);

/* The value that restores what cr3_read returned, keeping its translations. */
static inline cr3_t cr3_returning(cr3_t before) { return cr3_noflush(before); }

/* Turns PCIDs on for this CPU where it has them. The loaded CR3 must have PCID 0. */
void pcid_enable(void);

/*
 * The software oracle (debug builds; nothing otherwise): per CPU and PCID, the root and the
 * user-half generation that the TLB was last filled from. An emulator does not tag its TLB, so only
 * this notices a wrong NOFLUSH: cr3_load and cr3_load_as panic on one.
 */
void cr3_oracle_check(cr3_t cr3, uint64_t generation); /* the exit path is about to load this */
void cr3_oracle_raise(pcid_t pcid,
		      uint64_t generation); /* what the PCID holds was brought up to a generation */
void cr3_oracle_forget(pcid_t pcid);        /* everything under the PCID was flushed */
void cr3_oracle_forget_all(void);
