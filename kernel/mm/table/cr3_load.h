/*
 * Loading roots, with the software oracle (debug builds; nothing otherwise): per CPU and PCID, the
 * root and the user-half generation that the TLB was last filled from. An emulator does not tag its
 * TLB by PCID, so nothing else notices a wrong NOFLUSH: a load that keeps what it must not panics.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "lib/types.h"

/*
 * Flushes what the PCID holds, unless NOFLUSH. For roots without a user half, and to return to a
 * root just left.
 */
void cr3_load(cr3_t cr3);
/* Flushes likewise. generation: of the root's user half (mm/tlb/as_tlb.h), as read before. */
void cr3_load_as(cr3_t cr3, uint64_t generation);

/* The exit path is about to load this. */
void cr3_oracle_check(cr3_t cr3, uint64_t generation);
/* What the PCID holds was brought up to a generation. */
void cr3_oracle_raise(pcid_t pcid, uint64_t generation);
/* Everything under the PCID, or under all of them, was flushed. */
void cr3_oracle_forget(pcid_t pcid);
void cr3_oracle_forget_all(void);
