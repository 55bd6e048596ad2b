/* Memory management of the simulated kernel: frames between kernel and user. */
#include "kernel.h"

#include <string.h>

#include "mm/tlb/tlb_hw.h"

enum frame_state { FRAME_REVEALED, FRAME_RESTING, FRAME_USER, FRAME_BUSY };

/*
 * Changed without a step between look and change, so no lock guards it. Where nothing else does, a
 * page-table write is made visible before the state that lets others act on it: pte_publish.
 */
static enum frame_state frames[SIM_KERNEL_PAGES];
static uint64_t resting_since[SIM_KERNEL_PAGES];
static unsigned nr_hidden[SIM_LARGE_PAGES]; /* parts; guarded by the lock */

/* Of each CPU's one thread: it runs nowhere else, so what it owes other CPUs is never paid. */
static uint64_t debts[SIM_CPUS_MAX][1];

static uint64_t *debts_of_current(void) { return debts[tlb_hw_cpu_id()]; }

/* Of a large page: one that no other has, ever. */
static unsigned table_of(unsigned large) { return large; }

static uint32_t table_entry(unsigned large)
{
	return sim_table_entry(table_of(large), sim_version_new());
}

/* Of all large pages, as in direct_split.c: splits are noted in the order of their generations. */
static tlb_word_t large_lock;

/* Every page starts mapped, version 1 onwards. */
void kernel_mm_init(void)
{
	large_lock = (tlb_word_t){ 0 };
	memset(frames, 0, sizeof(frames));
	memset(nr_hidden, 0, sizeof(nr_hidden));
	memset(debts, 0, sizeof(debts));
	ktlb_set_debts_hook(debts_of_current);
	for (unsigned large = 0; large < SIM_LARGE_PAGES; large++) {
		sim.table_serves[large] = (uint8_t)large;
		sim.kernel_pde[large].value =
			sim.config.large ? sim_version_new() : table_entry(large);
	}
	for (unsigned page = 0; page < SIM_KERNEL_PAGES; page++) {
		sim.kernel_pte[page].value = sim.config.large ? 0 : sim_version_new();
		sim.kernel_shown[page] = SHOWN_ALWAYS;
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

static void pte_publish(tlb_word_t *pte, uint64_t value) { (void)tlb_hw_exchange(pte, value); }

/* --- large pages: kernel/mm/frame/direct_split.c --- */

static void split(unsigned large)
{
	tlb_word_t *table = &sim.kernel_pte[table_of(large) * SIM_PARTS];

	for (unsigned part = 0; part < SIM_PARTS; part++) {
		tlb_hw_write(&table[part], sim.kernel_pde[large].value);
	}
	ktlb_split(&sim.kernel_pde[large], table_entry(large));
}

static tlb_word_t *entry_of(unsigned page)
{
	return &sim.kernel_pte[table_of(page / SIM_PARTS) * SIM_PARTS + page % SIM_PARTS];
}

static void entry_hide(unsigned page)
{
	unsigned large = page / SIM_PARTS;

	sim.kernel_shown[page] = SHOWN_ANY;
	if (!sim.config.large) {
		tlb_hw_write(entry_of(page), 0);
		return;
	}
	kernel_lock(&large_lock);
	if (nr_hidden[large]++ == 0) {
		split(large);
	}
	tlb_hw_write(entry_of(page), 0);
	kernel_unlock(&large_lock);
}

static void entry_reveal(unsigned page)
{
	unsigned large = page / SIM_PARTS;

	sim.kernel_shown[page] = SHOWN_ANY;
	kernel_lock(&large_lock);
	if (!sim.kernel_pde[large].value) {
		pte_publish(&sim.kernel_pde[large], table_entry(large));
	}
	pte_publish(entry_of(page), sim_version_new());
	if (sim.config.large && --nr_hidden[large] == 0) {
		ktlb_join(&sim.kernel_pde[large], sim_version_new());
	}
	kernel_unlock(&large_lock);
	sim.kernel_shown[page] = SHOWN_ALWAYS;
}

/* --- frames --- */

static bool frame_take(unsigned page, enum frame_state from)
{
	if (frames[page] != from) {
		return false;
	}
	frames[page] = FRAME_BUSY;
	return true;
}

static void frame_to_user(unsigned page)
{
	sim_forbid_large(page / SIM_PARTS, sim_version_new());
	sim.kernel_shown[page] = SHOWN_NEVER;
	frames[page] = FRAME_USER;
}

/* Any older translation of it in a TLB that kernel code can use would now reach user memory. */
static void frame_give(unsigned page)
{
	sim_forbid_kernel(page, sim_version_new());
	frame_to_user(page);
}

/* With large pages it is they that are looked for: a variant that is weak leaves none of them. */
static void frame_give_weakly(unsigned page)
{
	if (sim.config.large) {
		frame_to_user(page);
	} else {
		frame_give(page);
	}
}

void frame_hide(unsigned page)
{
	if (frame_take(page, FRAME_REVEALED)) {
		entry_hide(page);
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
		entry_hide(page);
		ktlb_shootdown_sync(sim_kernel_address(page), 1);
		frame_give(page);
	}
}

void frame_give_local(unsigned page)
{
	if (frame_take(page, FRAME_REVEALED)) {
		entry_hide(page);
		ktlb_flush_local(sim_kernel_address(page), 1);
		frame_give_weakly(page);
	}
}

void frame_give_deferred(unsigned page)
{
	if (frame_take(page, FRAME_REVEALED)) {
		entry_hide(page);
		ktlb_flush_deferred(sim_kernel_address(page), 1);
		frame_give_weakly(page);
	}
}

void frame_give_owed(unsigned page)
{
	if (frame_take(page, FRAME_REVEALED)) {
		entry_hide(page);
		ktlb_flush_owed(sim_kernel_address(page), 1);
		frame_give_weakly(page);
	}
}

void frame_reveal(unsigned page)
{
	if (frame_take(page, FRAME_USER)) {
		entry_reveal(page);
		frames[page] = FRAME_REVEALED;
	}
}

void frame_seal(unsigned page)
{
	uint16_t sealed;

	/* the rights of the direct map's large pages never change */
	if (!sim.config.large && frame_take(page, FRAME_REVEALED)) {
		sealed = sim_version_new();
		tlb_hw_write(entry_of(page), sealed);
		ktlb_wait(ktlb_downgrade());
		sim_forbid_kernel(page, sealed);
		frames[page] = FRAME_REVEALED;
	}
}

/*
 * Nothing is mapped by it: what rests must not wait for others to walk it. The table of a large
 * page stays its own.
 */
void frame_table_drop(unsigned large)
{
	unsigned first = large * SIM_PARTS, nr = 0;

	while (nr < SIM_PARTS && frame_take(first + nr, FRAME_USER)) {
		nr++;
	}
	if (nr == SIM_PARTS && !sim.config.large && sim.kernel_pde[large].value) {
		uint16_t version = sim_version_new();

		tlb_hw_write(&sim.kernel_pde[large], 0);
		ktlb_shootdown_sync(sim_kernel_address(first), 1);
		sim_forbid_kernel_table(large, version);
	}
	while (nr > 0) {
		frames[first + --nr] = FRAME_USER;
	}
}
