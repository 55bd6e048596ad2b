/* The words for a fault. */
#pragma once

#include "arch/x86_64/cpu/registers.h"
#include "lib/types.h"

struct report;
struct process;

/* One fault, as the handler first saw it. */
struct fault {
	const struct regs *regs;
	uint64_t address; /* CR2, or the instruction where no address is concerned */
	uint64_t error;   /* as of a page fault; 0 for other exceptions */
	bool is_page_fault;
};

/* An exception in user mode. */
void fault_report_user(struct report *report, const struct process *process,
		       const struct fault *fault, int signal);
/* A fault in the kernel that the process caused: explains it. Walks page tables and the stack. */
void fault_report_kernel(struct report *report, const struct process *process,
			 const struct fault *fault);

const char *exception_name(uint64_t vector);
/* Does the kernel's root map these bytes of the kernel half? */
bool fault_readable(uint64_t address, size_t len_bytes);
/* Eight bytes of the kernel half, for backtraces; false where they cannot be read. Never faults. */
bool fault_read(uint64_t address, uint64_t *out);
