/* In the gate: which table of system calls serves a processor. */
#pragma once

#include "core/cpu.h"
#include "mm/gate/current/credential.h"

/* Where that is, and which tables there are beside those of policies. Set while booting. */
struct gate_calls {
	const struct cpu_sealed *sealed; /* the processors' words, one in so many bytes */
	uint64_t sealed_bytes;
	const struct pool *pool;
	const struct syscall_table *all, *watched;
	const struct syscall_table *none; /* for a binding whose rule there is not */
};
extern struct gate_calls gate_calls;

/*
 * Invariant, with cred=protected: a processor's table is the one of current->binding, or that is
 * CURRENT_NO_BINDING. Both are written under the lock of credentials.
 *
 * Of this processor, as the entry says now. False: it cannot be written, or cred=plain: what
 * process it is must be told.
 */
bool gate_calls_follow(const struct credential *entry) MUST_CHECK;
/* The binding of every processor is led over, as entries are, under the same lock. */
void gate_calls_lead_over(const struct program_policy *next);
