/*
 * With ptprot: credentials, while the entry of the current process names another root than the one
 * that is loaded. The kernel's own is everybody's, so nothing is made by who has that loaded.
 */
#include "ktest.h"
#include "program_space.h"
#include "task/authority/credential_entry.h"
#include "task/process/process.h"

/* Nobody's, as the gate sees it. */
static struct process child;

/* Of the current process's entry, while that names the kernel's root. */
static enum gate_refusal change(enum credential_change what, uint32_t pid, uint64_t a, uint64_t b,
				uint64_t c)
{
	struct credential *own =
		(struct credential *)(uint64_t)&credential_entries[process_current()->pid];
	struct credential before = *own;
	enum gate_refusal refusal;

	FORCE(own->root = kernel_root);
	refusal = asked_of(GATE_CREDENTIAL_CHANGE, (uint64_t)what << 32 | pid, a, b, c);
	FORCE(*own = before);
	return refusal;
}

static void not_given(const struct as *as)
{
	uint32_t pid, self = process_current()->pid;
	enum gate_refusal refusal;

	lock_acquire(&process_lock);
	pid = pid_alloc();
	lock_release(&process_lock);
	refusal = change(CREDENTIAL_GIVE, pid, self, (uint64_t)&child, as->root.pfn);
	ktest_ok(refusal == GATE_NOT_OURS && !credential_entries[pid].holder,
		 "who has not loaded its own address space makes none");
	lock_acquire(&process_lock);
	pid_free(pid);
	lock_release(&process_lock);
}

static void not_become(const struct as *as)
{
	ktest_ok(change(CREDENTIAL_BECOME, process_current()->pid, program_index("bin/sh"),
			as->root.pfn, TEST_RSP) == GATE_NOT_OURS,
		 "nor becomes a program");
}

KTEST_SUITE(gate_elsewhere)
{
	struct as *as, *program;

	if (gate_in_force == ptprot_off || as_create(&as)) {
		ktest_skip("there is no gate, or no memory");
		return;
	}
	not_given(as);
	as_put(as);
	if (program_make("bin/sh", &program)) {
		ktest_skip("no memory for a program");
		return;
	}
	not_become(program);
	as_put(program);
}
