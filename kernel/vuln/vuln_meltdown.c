/*
 * A model of processors that check permissions too late: what an address translates to in the root
 * that user mode ran on reaches the program, whatever its rights. No emulator leaks transiently, so
 * the call does what a transient load and its side channel would: no more, no less.
 */
#include "arch/x86_64/cpu/paging.h"
#include "mm/as/as.h"
#include "mm/as/usercopy.h"
#include "mm/table/kaiser.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "task/process/process.h"
#include "vuln/vuln.h"

/* The pair's second root where KAISER is on. */
static pfn_t user_mode_root(void)
{
	return pfn_add(process_current()->as->root, kaiser_in_force != kaiser_off);
}

static bool is_translated(pfn_t root, uint64_t address)
{
	return pte_is_present(ptable_lookup(root, address, NULL));
}

int64_t sys_vuln_meltdown(uint64_t address, uint64_t at)
{
	uint64_t last = address + sizeof(uint64_t) - 1;
	pfn_t root;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	root = user_mode_root();
	if (address < KERNEL_HALF || last < address || !is_translated(root, address) ||
	    !is_translated(root, last)) {
		return vuln_leave((uint64_t)STATUS_EFAULT);
	}
	/* what the shadow root maps of the kernel half the kernel's root maps at the same address
	 */
	return vuln_leave((uint64_t)store_user_u64((uva_t){ at }, vuln_read_from(address)));
}

int64_t sys_vuln_probe(uint64_t address, uint64_t at)
{
	pfn_t root;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	root = user_mode_root();
	address = align_down(MAX(address, KERNEL_HALF), PAGE_SIZE);
	while (address && !is_translated(root, address)) {
		address = ptable_skip(root, address);
	}
	return vuln_leave(
		(uint64_t)(address ? store_user_u64((uva_t){ at }, address) : STATUS_ENOENT));
}
