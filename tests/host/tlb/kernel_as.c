/*
 * Memory management of the simulated kernel: pages and page tables of address spaces. With the gate
 * an operation of it does more than the store.
 */
#include "kernel.h"

#include <string.h>

#include "mm/gate/current/user_half.h"
#include "mm/tlb/tlb_hw.h"

static tlb_word_t page_locks[SIM_SPACES][SIM_USER_PAGES];
bool kernel_leaves_out_wait;

void kernel_as_init(void)
{
	memset(page_locks, 0, sizeof(page_locks));
	kernel_leaves_out_wait = false;
	for (unsigned space = 0; space < SIM_SPACES; space++) {
		as_tlb_init(&sim.spaces[space], sim_space_root(space));
		sim.generations[space].value = 1;
		sim.user_upper[space].value = sim_version_new();
		for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
			sim.user_pte[space][page].value = sim_version_new();
			sim.user_pde[space][page].value = sim_version_new();
		}
	}
}

static void pte_publish(tlb_word_t *pte, uint64_t value) { (void)tlb_hw_exchange(pte, value); }

static uint32_t root_of(unsigned space) { return pa_to_pfn(sim_space_root(space)).pfn; }

/* A page's entry becomes stricter. With the gate its operation does more than the store: it flushes
 * what it parks, not what it protects. */
static void entry_write(unsigned space, unsigned page, uint64_t value, struct tlb_batch pages)
{
	tlb_hw_write(&sim.user_pte[space][page], value);
	if (sim.config.gated) {
		half_raise(root_of(space));
	}
	if (sim.config.gated && !value) {
		(void)half_flush_pages(tlb_hw_own_current(), root_of(space), pages);
	}
}

static bool wait_is_left_out(void)
{
	bool is_left_out = kernel_leaves_out_wait;

	kernel_leaves_out_wait = false;
	return is_left_out;
}

/* What the gate asks before a page goes that was there. */
static void gate_wait(unsigned space)
{
	while (sim.config.gated && !half_is_complete(root_of(space))) {
		as_tlb_wait(root_of(space));
	}
}

/* Whatever was there before this version is gone, or another frame comes. */
static void page_goes(unsigned space, unsigned page, enum page_how how, uint16_t version)
{
	gate_wait(space);
	if (how == PAGE_REPLACE) {
		tlb_hw_write(&sim.user_pte[space][page], version);
	}
	sim_forbid_user(space, page, version);
}

void page_downgrade(unsigned space, unsigned page, enum page_how how)
{
	uva_t start = sim_user_address(how == PAGE_UNMAP_ALL ? 0 : page);
	uva_t end = how == PAGE_UNMAP_ALL ? sim_user_address(SIM_USER_PAGES)
					  : (uva_t){ start.uva + PAGE_SIZE };
	bool is_left_out;
	uint16_t version;

	kernel_lock(&page_locks[space][page]);
	version = sim_version_new();
	if (sim.user_pte[space][page].value) {
		struct tlb_batch pages = { start.uva, end.uva };

		if (how == PAGE_REPLACE) {
			sim_note_other_frame(space, page, version);
		}
		entry_write(space, page, how == PAGE_PROTECT ? version : 0, pages);
		is_left_out = wait_is_left_out();
		if (!is_left_out) {
			as_tlb_downgrade(&sim.spaces[space], start, end);
		}
		if (!is_left_out || how != PAGE_PROTECT) {
			page_goes(space, page, how, version);
		}
	}
	kernel_unlock(&page_locks[space][page]);
}

void kernel_go_round(unsigned space)
{
	(void)tlb_hw_exchange(&sim.generations[space], UINT32_MAX);
	as_tlb_wait(root_of(space));
}

void page_map(unsigned space, unsigned page)
{
	kernel_lock(&page_locks[space][page]);
	if (!sim.user_pde[space][page].value) {
		tlb_hw_write(&sim.user_pde[space][page], sim_version_new());
	}
	if (!sim.user_pte[space][page].value) {
		tlb_hw_write(&sim.user_pte[space][page], sim_version_new());
	}
	kernel_unlock(&page_locks[space][page]);
}

/* It serves at once where only this CPU walked it, else after a generation of the kernel half. */
static void table_wait(unsigned space)
{
	half_raise(root_of(space));
	half_flush(tlb_hw_own_current(), root_of(space));
	if (!half_is_complete(root_of(space))) {
		ktlb_wait(ktlb_downgrade());
	}
}

void table_drop(unsigned space, unsigned page)
{
	uva_t start = sim_user_address(page), end = sim_user_address(page + 1);

	kernel_lock(&page_locks[space][page]);
	if (sim.user_pde[space][page].value && !sim.user_pte[space][page].value) {
		uint16_t version = sim_version_new();

		tlb_hw_write(&sim.user_pde[space][page], 0);
		if (sim.config.gated) {
			table_wait(space);
		} else {
			as_tlb_downgrade(&sim.spaces[space], start, end);
		}
		sim_forbid_user_table(space, page, version);
	}
	kernel_unlock(&page_locks[space][page]);
}

void kernel_recycle(unsigned space)
{
	if (!space_claim(space)) {
		return;
	}
	for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
		kernel_lock(&page_locks[space][page]);
	}
	half_raise(root_of(space));
	as_tlb_wait(root_of(space));
	as_tlb_destroy(&sim.spaces[space]);
	half_forget(root_of(space));
	(void)tlb_hw_exchange(&sim.generations[space], 1);
	as_tlb_init(&sim.spaces[space], sim_space_root(space));
	pte_publish(&sim.user_upper[space], sim_version_new());
	for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
		pte_publish(&sim.user_pde[space][page], sim.user_upper[space].value);
	}
	sim_forbid_tables(space, (uint16_t)sim.user_upper[space].value);
	for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
		uint16_t version = sim_version_new();

		pte_publish(&sim.user_pte[space][page], version);
		sim_forbid_user(space, page, version);
		kernel_unlock(&page_locks[space][page]);
	}
	space_release(space);
}
