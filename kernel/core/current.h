/*
 * Who runs on a processor: written by the gate alone (mm/gate/current/switch.c, and user_half.c the
 * roots and slots), and read by everybody. Its own processor's operations write it; a new policy
 * leads `binding` over, and a root that rests is taken out of `slots`, on all. What the current
 * process may do, and in which address space, follows from this and from nothing else: CR3 may have
 * another root for a while, and pointers to threads and processes are ordinary memory.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "core/tlb_cpu.h"
#include "lib/types.h"

/*
 * What the TLB may hold under a slot's two PCIDs: translations of the user half of this root, and
 * none from before it was of this generation; in use or not. Root 0, which is no address space's:
 * of none.
 */
struct user_slot {
	union {
		struct {
			uint32_t root, generation;
		};
		tlb_word_t word;
	};
};

struct current {
	cr3_t exit_cr3;   /* entry.asm: the shadow root and its PCID, for the way out */
	cr3_t kernel_cr3; /* the kernel root and its PCID, as the way in makes them of it */
	union {
		struct {
			uint32_t root; /* the kernel root's frame: whose user half is in use; the
					  kernel's: none */
			uint32_t left; /* another, as long as CR3 has it; 0: none */
		};
		tlb_word_t roots;
	};
	struct user_slot slots[NR_ASIDS]; /* asid.h */
	uint32_t nr_later; /* of these; 0 where the way out loads no root: one comes in use here,
			      and is loaded later */
	uint32_t slot;     /* that of the root in use */
	uint32_t stack;    /* which of the kernel's stacks */
	uint32_t binding;  /* of that entry, when it was last looked at */
	uint32_t pid; /* whose entry of credentials; CURRENT_KERNEL: a thread of the kernel's own */
};

#define CURRENT_KERNEL UINT32_MAX
#define CURRENT_LEFT (UINT32_MAX - 1) /* that of a thread that has left its process */
#define CURRENT_NO_BINDING UINT32_MAX /* no entry has that */
