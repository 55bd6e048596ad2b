/*
 * BUILD=pcid: the kernel uses PCIDs on a processor without them, and a program outside, in the
 * emulator, keeps what a processor with PCIDs could have cached (docs/pcid.md). What that program
 * cannot see are operands in registers. Each is stored to a word of its own here, right before the
 * instruction: the store itself is the message. In all other builds nothing is stored.
 *
 * The processor ignores bits 0 to 2 and 5 to 11 of CR3 as long as CR4.PCIDE is clear, and returns
 * them: there the PCID stays. NOFLUSH would fault and is left out.
 */
#pragma once

#include "lib/types.h"

#ifdef BULWARK_PCID
enum { PCID_IS_SIMULATED = 1 };
#else
enum { PCID_IS_SIMULATED = 0 };
#endif

/* With zeroes behind it: two halves side by side would look like a kernel address. */
struct tlb_port_word {
	uint64_t value;
	uint64_t zero;
};

/* On the entry page, which every root maps and which shows no kernel address: those are
 * complemented. tests/pcid/plugin.c reads it. */
struct tlb_port {
	struct tlb_port_word cr3;     /* to be loaded, with NOFLUSH */
	struct tlb_port_word invlpg;  /* address, complemented */
	struct tlb_port_word pcid;    /* for the next, as tlb_port_invpcid makes it */
	struct tlb_port_word invpcid; /* address, complemented */
	struct tlb_port_word stands;  /* can user input steer? 1: caught up; 0: about to leave */
	struct tlb_port_word owner;   /* frames change hands, as tlb_port_owner makes it */
	struct tlb_port_word fault; /* page of a fault, complemented; error code in the low bits */
};

/* Where GS finds struct tlb_port: core/cpu.h. */
enum { TLB_PORT_OFFSET = 16, TLB_PORT_TYPE_SHIFT = 16 };

static inline void tlb_port_store(uint64_t offset, uint64_t value)
{
	if (PCID_IS_SIMULATED) {
		asm volatile("mov %0, %%gs:(%1)"
			     :
			     : "r"(value), "r"(TLB_PORT_OFFSET + offset)
			     : "memory");
	}
}
#define TLB_PORT(word, value) tlb_port_store(offsetof(struct tlb_port, word), (value))

/* first, order: of mm/frame/frame.h, as from and to. */
static inline void tlb_port_owner(pfn_t first, unsigned order, unsigned from, unsigned to)
{
	TLB_PORT(owner, (uint64_t)first.pfn << 16 | order << 8 | from << 4 | to);
}

/* type: of INVPCID. */
static inline void tlb_port_invpcid(uint64_t type, uint64_t pcid, uint64_t address)
{
	TLB_PORT(pcid, type << TLB_PORT_TYPE_SHIFT | pcid);
	TLB_PORT(invpcid, ~address);
}
