/*
 * The instructions that invalidate TLB entries.
 * Source: Intel SDM vol. 3A, "Operations that Invalidate TLBs and Paging-Structure Caches"; vol. 2,
 * "INVPCID". Bulwark has no global translations, so a CR3 load without NOFLUSH reaches everything
 * under its PCID.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/cpu/tlb_port.h"
#include "lib/types.h"

enum invpcid_type {
	INVPCID_ADDRESS = 0,
	INVPCID_PCID = 1,
	INVPCID_ALL_AND_GLOBAL = 2,
	INVPCID_ALL = 3
};

struct invpcid_descriptor {
	uint64_t pcid;
	uint64_t address;
};

/* Any change of CR4.PGE flushes everything under every PCID. */
static inline void toggle_pge(void)
{
	cr4_flip_pge();
	cr4_flip_pge();
}

/* A processor without PCIDs lacks the instruction. */
static inline void insn_invpcid(enum invpcid_type type, pcid_t pcid, uint64_t address)
{
	struct invpcid_descriptor descriptor = { pcid.pcid, address };

	if (PCID_IS_SIMULATED) {
		tlb_port_invpcid(type, pcid.pcid, address);
		toggle_pge();
		return;
	}
	asm volatile("invpcid %0, %1" : : "m"(descriptor), "r"((uint64_t)type) : "memory");
}

/* Flushes one page of the current PCID. */
static inline void insn_invlpg(uint64_t address)
{
	TLB_PORT(invlpg, ~address);
	asm volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Flushes everything under every PCID. */
static inline void insn_toggle_pge(void)
{
	tlb_port_invpcid(INVPCID_ALL_AND_GLOBAL, 0, 0);
	toggle_pge();
}
