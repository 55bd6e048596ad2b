/* In the gate: whose each kernel stack is, for the switch. */
#pragma once

#include "mm/gate/current/credential.h"
#include "mm/gate/operations.h"

/* All of them, where the gate writes them. */
static inline struct kstack_owner *owners(void)
{
	return (struct kstack_owner *)((uint64_t)kstack_owners + gate_distance);
}

/* The kernel's own threads have no entry; this stands for it. */
extern struct credential stack_of_kernel;
static inline const struct credential *credential_of(uint32_t pid)
{
	return LIKELY(pid < gate_credentials.nr_entries) ? &gate_credentials.entries[pid]
							 : &stack_of_kernel;
}

/* So many stacks more have this pid. */
void stack_count(uint32_t pid, int more);
/* Boot: the kernel's own, and runs. */
void stack_begin(uint32_t stack);
