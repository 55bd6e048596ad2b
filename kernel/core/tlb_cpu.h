/*
 * What a CPU publishes and remembers about its TLB. The logic is in mm/ (tlb.h, ktlb.h, as_tlb.h);
 * the structure is here because struct cpu contains it and the entry code reads it. The protocol:
 * docs/tlb.md.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "lib/types.h"

/* Where a CPU is, as others see it. Zero, so also a CPU that has not come up yet: not in the
 * kernel. */
enum cpu_mode {
	CPU_USER = 0,
	CPU_IDLE, /* waiting for an interrupt in the idle loop */
	CPU_KERNEL,
};

/* A word that several CPUs use; read and written through mm/tlb/tlb_hw.h only. */
typedef struct {
	uint64_t value;
} tlb_word_t;

enum { NR_ASIDS = 6 };

/* Debug builds, this CPU only: page-table entries that became stricter, and what follows is still
 * to come. mm/tlb/tlb_debt.h */
struct tlb_owed {
	unsigned nr_user, nr_kernel;
	uint64_t generation; /* of the kernel half: not waited for yet; 0: none */
};

struct tlb_cpu {
	/* written by this CPU, read by others */
	tlb_word_t seen; /* every kernel translation that a generation up to this one removed is
			    gone from this CPU */

	/* written by others */
	tlb_word_t
		request; /* not 0: bring seen and the user half in use up to date, somebody waits */
	tlb_word_t deferred; /* not 0: kernel translations are to be flushed at the next context
				switch, or at one to a thread that owes it (xpfo=v7 to v9) */
};
