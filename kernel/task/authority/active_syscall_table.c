/* The sealed words of all CPUs: one page each, since each is mapped in its own CPU's part. */
#include "task/authority/active_syscall_table.h"

#include "core/cpu.h"
#include "core/panic.h"
#include "mm/gate/current/calls.h"
#include "mm/gate/gate.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/entry_area.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"
#include "task/authority/policy_build.h"
#include "task/authority/watched_calls.h"

/* By id; in a write-rare pool: the gate writes there, and with ptprot=off it alone names it. */
struct page {
	struct cpu_sealed sealed;
	char fill[PAGE_SIZE - sizeof(struct cpu_sealed)];
};
static_assert(sizeof(struct page) == PAGE_SIZE, "a page is mapped for its CPU alone");
static RO_AFTER_INIT const struct page *pages;

uint64_t active_syscall_table_address(void)
{
	return (uint64_t)&pages[entry_area_this_cpu()].sealed.syscall_table;
}

static status_t pages_create(void)
{
	const struct pool *pool;
	struct page *fresh;
	void *object;
	status_t status = pmalloc_create_pool("processors", POOL_WR, 0, PAGE_SIZE, &pool);

	if (status == STATUS_OK) {
		status = pmalloc_claim_pool(pool);
	}
	if (status == STATUS_OK) {
		status = pmalloc_array(pool, nr_cpus, sizeof(*fresh), &object);
	}
	if (status) {
		return status;
	}
	fresh = object;
	for (unsigned id = 0; id < nr_cpus; id++) {
		fresh[id].sealed = (struct cpu_sealed){
			.syscall_table = &syscall_table_all,
			.rule_table = &syscall_table_all,
			.exit_stack_top = entry_area_part_end(id, PART_EXIT_STACK),
			.gate_stack_top = gate_stack_top(id),
			.gate_cr3 = tlb_window_cr3(cpus[id]),
			.gate_noflush = pcid_is_on ? CR3_NOFLUSH : 0,
			.current = gate_current(id),
		};
	}
	pages = fresh;
	gate_calls = (struct gate_calls){ .sealed = &pages->sealed,
					  .sealed_bytes = sizeof(*pages),
					  .pool = pool,
					  .all = &syscall_table_all,
					  .watched = &syscall_table_watched,
					  .none = policy_table_of_none };
	return pmalloc_protect_pool(pool);
}

void table_in_force_init(void)
{
	status_t status = pages_create();

	for (unsigned id = 0; id < nr_cpus && status == STATUS_OK; id++) {
		pte_t entry = ptable_lookup(kernel_root, (uint64_t)&pages[id], NULL);

		status = entry_area_add_sealed(id, pte_frame(entry));
	}
	if (status) {
		panic("no memory for the processors' sealed pages");
	}
}
