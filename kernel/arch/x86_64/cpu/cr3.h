/*
 * CR3 as a value, and the only C code that writes the register: in the gate, while booting, and
 * with ptprot=off. Which PCID stands for what: mm/tlb/asid.h. Source: Intel SDM vol. 3A,
 * "Process-Context Identifiers (PCIDs)".
 *
 *    63        62      52 51               12 11    0
 *   NOFLUSH        0        root, 4 KiB units   PCID
 */
#pragma once

#include "arch/x86_64/cpu/cr3_value.h"
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
static inline cr3_t cr3_flushing(cr3_t cr3) { return (cr3_t){ cr3.value & ~CR3_NOFLUSH }; }
static inline pa_t cr3_root(cr3_t cr3) { return (pa_t){ cr3.value & CR3_ROOT_MASK }; }
static inline pcid_t cr3_pcid(cr3_t cr3)
{
	return (pcid_t){ (uint16_t)(cr3.value & CR3_PCID_MASK) };
}
static inline bool cr3_is_noflush(cr3_t cr3) { return cr3.value & CR3_NOFLUSH; }

static inline cr3_t cr3_read(void) { return (cr3_t){ cr3_value() }; }

/* Flushes what the PCID holds, unless NOFLUSH. Called by mm/table/cr3_load.c alone. */
void cr3_write(cr3_t cr3);

/*
 * Flush likewise, outside the gate: what is loaded, once more, without NOFLUSH; and with ptprot
 * this processor's window root, and the current root, as its sealed page names them. No value
 * passes through memory that others write, whatever interrupts them. cr3_load.asm
 */
void cr3_reload(void);
void cr3_load_window(void);
void cr3_load_current(void);

/* The value that restores what cr3_read returned, keeping its translations. */
static inline cr3_t cr3_returning(cr3_t before) { return cr3_noflush(before); }

/* Turns PCIDs on for this CPU where it has them. The loaded CR3 must have PCID 0. */
void pcid_enable(void);
