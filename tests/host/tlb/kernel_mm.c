/*
 * Memory management of the simulated kernel: frames between kernel and user, pages of address
 * spaces.
 */
#include "kernel.h"

#include <string.h>

#include "mm/tlb_hw.h"

enum frame_state { FRAME_REVEALED, FRAME_RESTING, FRAME_USER, FRAME_BUSY };

/*
 * Changed without a step between look and change, so no lock guards it. Where nothing else does, a
 * page-table write is made visible before the state that lets others act on it: pte_publish.
 */
static enum frame_state frames[SIM_KERNEL_PAGES];
static uint64_t resting_since[SIM_KERNEL_PAGES];
static tlb_word_t page_locks[SIM_SPACES][SIM_USER_PAGES];

/* Every page starts mapped, version 1 onwards. */
void kernel_mm_init(void)
{
	memset(frames, 0, sizeof(frames));
	memset(page_locks, 0, sizeof(page_locks));
	for (unsigned page = 0; page < SIM_KERNEL_PAGES; page++) {
		sim.kernel_pte[page].value = sim_version_new();
	}
	for (unsigned space = 0; space < SIM_SPACES; space++) {
		for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
			sim.user_pte[space][page].value = sim_version_new();
		}
	}
}

void kernel_lock(tlb_word_t *lock)
{
	while (tlb_hw_exchange(lock, 1)) {
		tlb_poll();
		tlb_hw_relax();
	}
}

void kernel_unlock(tlb_word_t *lock) { tlb_hw_write(lock, 0); }

static void pte_publish(tlb_word_t *pte, uint16_t version) { (void)tlb_hw_exchange(pte, version); }

/* --- frames --- */

static bool frame_take(unsigned page, enum frame_state from)
{
	if (frames[page] != from) {
		return false;
	}
	frames[page] = FRAME_BUSY;
	return true;
}

/* Any older translation of it in a TLB that kernel code can use would now reach user memory. */
static void frame_give(unsigned page)
{
	sim_forbid_kernel(page, sim_version_new());
	frames[page] = FRAME_USER;
}

void frame_hide(unsigned page)
{
	if (frame_take(page, FRAME_REVEALED)) {
		tlb_hw_write(&sim.kernel_pte[page], 0);
		resting_since[page] = ktlb_downgrade();
		frames[page] = FRAME_RESTING;
	}
}

void frame_give_if_complete(unsigned page)
{
	if (!frame_take(page, FRAME_RESTING)) {
		return;
	}
	if (ktlb_is_complete(resting_since[page])) {
		frame_give(page);
	} else {
		frames[page] = FRAME_RESTING;
	}
}

void frame_give_waiting(unsigned page)
{
	if (frame_take(page, FRAME_RESTING)) {
		ktlb_wait(resting_since[page]);
		frame_give(page);
	}
}

void frame_give_sync(unsigned page)
{
	if (frame_take(page, FRAME_REVEALED)) {
		tlb_hw_write(&sim.kernel_pte[page], 0);
		ktlb_shootdown_sync(sim_kernel_address(page), 1);
		frame_give(page);
	}
}

void frame_give_local(unsigned page)
{
	if (frame_take(page, FRAME_REVEALED)) {
		tlb_hw_write(&sim.kernel_pte[page], 0);
		ktlb_flush_local(sim_kernel_address(page), 1);
		frame_give(page);
	}
}

void frame_give_deferred(unsigned page)
{
	if (frame_take(page, FRAME_REVEALED)) {
		tlb_hw_write(&sim.kernel_pte[page], 0);
		ktlb_flush_deferred(sim_kernel_address(page), 1);
		frame_give(page);
	}
}

/* Each CPU runs one thread, so a debt to another CPU is never paid there. */
static uint64_t *debts_of_current(void)
{
	static uint64_t debts[SIM_CPUS_MAX][1];

	return debts[tlb_hw_cpu_id()];
}

void frame_give_owed(unsigned page)
{
	ktlb_set_debts_hook(debts_of_current);
	if (frame_take(page, FRAME_REVEALED)) {
		tlb_hw_write(&sim.kernel_pte[page], 0);
		ktlb_flush_owed(sim_kernel_address(page), 1);
		frame_give(page);
	}
}

void frame_reveal(unsigned page)
{
	if (frame_take(page, FRAME_USER)) {
		pte_publish(&sim.kernel_pte[page], sim_version_new());
		frames[page] = FRAME_REVEALED;
	}
}

void frame_seal(unsigned page)
{
	uint16_t sealed;

	if (frame_take(page, FRAME_REVEALED)) {
		sealed = sim_version_new();
		tlb_hw_write(&sim.kernel_pte[page], sealed);
		ktlb_wait(ktlb_downgrade());
		sim_forbid_kernel(page, sealed);
		frames[page] = FRAME_REVEALED;
	}
}

/* --- address spaces --- */

void page_downgrade(unsigned space, unsigned page, enum page_how how)
{
	uint64_t large = SIM_USER_BASE + 2ul * TLB_PAGES_SINGLY * PAGE_SIZE;
	uva_t start = sim_user_address(how == PAGE_UNMAP_ALL ? 0 : page);
	uva_t end = how == PAGE_UNMAP_ALL ? (uva_t){ large } : sim_user_address(page + 1);
	uint16_t version;

	kernel_lock(&page_locks[space][page]);
	version = sim_version_new();
	if (sim.user_pte[space][page].value) {
		if (how == PAGE_REPLACE) {
			sim_note_other_frame(space, page, version);
			as_tlb_replace(&sim.spaces[space], &sim.user_pte[space][page], version,
				       start, end);
		} else {
			tlb_hw_write(&sim.user_pte[space][page], how == PAGE_PROTECT ? version : 0);
			as_tlb_downgrade(&sim.spaces[space], start, end);
		}
		sim_forbid_user(space, page, version);
	}
	kernel_unlock(&page_locks[space][page]);
}

void page_map(unsigned space, unsigned page)
{
	kernel_lock(&page_locks[space][page]);
	if (!sim.user_pte[space][page].value) {
		tlb_hw_write(&sim.user_pte[space][page], sim_version_new());
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
	as_tlb_destroy(&sim.spaces[space]);
	as_tlb_init(&sim.spaces[space], sim_space_root(space));
	for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
		uint16_t version = sim_version_new();

		pte_publish(&sim.user_pte[space][page], version);
		sim_forbid_user(space, page, version);
		kernel_unlock(&page_locks[space][page]);
	}
	space_release(space);
}
