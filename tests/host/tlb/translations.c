/* TLBs as full as they could be, and the judgement of what a CPU could use. */
#include <string.h>

#include "mm/asid.h"
#include "parts.h"

enum {
	BOOT_ROOT = 0x2000,
	WINDOW_ROOT = 0x4000,
	SPACE_ROOTS = 0x100000,
	ROOT_PAIR = 2 * PAGE_SIZE
};

pa_t sim_boot_root(void) { return (pa_t){ BOOT_ROOT }; }
pa_t sim_window_root(void) { return (pa_t){ WINDOW_ROOT }; }
pa_t sim_space_root(unsigned space) { return (pa_t){ SPACE_ROOTS + space * ROOT_PAIR }; }

/* The address space that a CR3 value translates, by either root; SIM_NOBODY: none. */
static int space_of(uint64_t cr3)
{
	uint64_t root = cr3 & CR3_ROOT_MASK;

	return root < SPACE_ROOTS ? SIM_NOBODY : (int)((root - SPACE_ROOTS) / ROOT_PAIR);
}

static unsigned pcid_index(uint64_t cr3)
{
	unsigned pcid = cr3 & CR3_PCID_MASK;

	return pcid & PCID_USER_BIT ? (pcid & ~PCID_USER_BIT) + PCID_WINDOW : pcid;
}

static bool is_old(uint16_t cached, uint16_t oldest_allowed)
{
	return cached && cached < oldest_allowed;
}

/*
 * User pages count while their root is loaded, whoever runs: a walk through tables that were freed
 * is no better.
 */
static void judge_user(const struct sim_cpu *cpu, const uint16_t *cached)
{
	int loaded = space_of(cpu->cr3);

	if (cpu->user_usable && loaded != cpu->running) {
		sim_fail("the wrong address space is loaded");
	}
	for (int space = 0; space < SIM_SPACES; space++) {
		for (unsigned page = 0; page < SIM_USER_PAGES; page++, cached++) {
			if (*cached && space != loaded) {
				sim_fail("a translation of another address space is usable");
			}
			if (is_old(*cached, sim.user_min[space][page])) {
				sim_fail("a stale user translation is usable");
			}
		}
	}
}

/* Looks for a translation that the CPU could use where it stands and must not. */
static void judge(const struct sim_cpu *cpu)
{
	const uint16_t *cached = cpu->cached[pcid_index(cpu->cr3)];

	sim_log->nr_checks++;
	for (unsigned page = 0; cpu->kernel_usable && page < SIM_KERNEL_PAGES; page++) {
		uint16_t large = cached[SIM_FIRST_LARGE + page / SIM_PARTS];

		if (is_old(cached[page], sim.kernel_min[page]) ||
		    is_old(large, sim.kernel_min[page])) {
			sim_fail("a stale kernel translation is usable");
		}
		if (is_old(large, sim.large_min[page / SIM_PARTS])) {
			sim_fail("a large page that was split is usable");
		}
	}
	judge_user(cpu, cached + SIM_FIRST_USER);
}

void sim_stand(bool kernel_usable, bool user_usable)
{
	struct sim_cpu *cpu = sim_self();

	cpu->kernel_usable = kernel_usable;
	cpu->user_usable = user_usable;
	judge(cpu);
}

static void judge_all(void)
{
	for (unsigned id = 0; id < sim.config.nr_cpus; id++) {
		judge(&sim.cpus[id]);
	}
}

void sim_forbid_kernel(unsigned page, uint16_t oldest_allowed)
{
	sim.kernel_min[page] = MAX(sim.kernel_min[page], oldest_allowed);
	judge_all();
}

void sim_forbid_large(unsigned large, uint16_t oldest_allowed)
{
	sim.large_min[large] = MAX(sim.large_min[large], oldest_allowed);
	judge_all();
}

void sim_forbid_user(unsigned space, unsigned page, uint16_t oldest_allowed)
{
	sim.user_min[space][page] = MAX(sim.user_min[space][page], oldest_allowed);
	judge_all();
}

void sim_note_other_frame(unsigned space, unsigned page, uint16_t first_version)
{
	sim.other_frame_from[space][page] = first_version;
}

void sim_user_pte_write(const tlb_word_t *word, uint64_t value)
{
	uint64_t index = (uint64_t)(word - sim.user_pte[0]);
	unsigned space = (unsigned)(index / SIM_USER_PAGES), page = index % SIM_USER_PAGES;

	if (index < SIM_SPACES * SIM_USER_PAGES && value && sim.other_frame_from[space][page] &&
	    value >= sim.other_frame_from[space][page]) {
		sim_forbid_user(space, page, sim.other_frame_from[space][page]);
		sim.other_frame_from[space][page] = 0;
	}
}

uint16_t sim_version_new(void) { return ++sim.newest_version; }

static void cache(uint16_t *entry, const tlb_word_t *pte)
{
	if (!*entry) {
		*entry = (uint16_t)pte->value;
	}
}

void sim_large_pte_write(const tlb_word_t *word, uint64_t value)
{
	uint64_t large = (uint64_t)(word - sim.large_pte);

	if (large < SIM_LARGE_PAGES && !(value & SIM_LARGE)) {
		sim.table_serves[value - 1] = (uint8_t)large;
	}
}

/* The parts of a large page by an entry of it, the one that is there or one that is cached. */
static void fill_parts(uint16_t *cached, unsigned large, uint64_t entry)
{
	const tlb_word_t *table = &sim.kernel_pte[(entry - 1) * SIM_PARTS];

	if (sim.table_serves[entry - 1] != large) {
		sim_fail("a walk goes through a table that serves another large page");
	}
	for (unsigned part = 0; part < SIM_PARTS; part++) {
		unsigned page = large * SIM_PARTS + part;

		if (!table[part].value && sim.kernel_shown[page] == SHOWN_ALWAYS) {
			sim_fail("a page that is shown is not mapped");
		}
		cache(&cached[page], &table[part]);
	}
}

static void fill_large(uint16_t *cached, unsigned large)
{
	tlb_word_t entry = sim.large_pte[large];
	uint16_t *table = &cached[SIM_FIRST_TABLE + large];

	if (*table) {
		fill_parts(cached, large, *table);
	}
	if (!(entry.value & SIM_LARGE)) {
		cache(table, &entry);
		fill_parts(cached, large, entry.value);
		return;
	}
	for (unsigned part = 0; part < SIM_PARTS; part++) {
		if (sim.kernel_shown[large * SIM_PARTS + part] == SHOWN_NEVER) {
			sim_fail("a large page shows a page that is hidden");
		}
	}
	entry.value &= ~(uint64_t)SIM_LARGE;
	cache(&cached[SIM_FIRST_LARGE + large], &entry);
}

/* Caches everything that the loaded root translates. */
void sim_fill(struct sim_cpu *cpu)
{
	uint16_t *cached = cpu->cached[pcid_index(cpu->cr3)];
	int space = space_of(cpu->cr3);
	bool is_shadow = space != SIM_NOBODY && cpu->cr3 & PAGE_SIZE;

	for (unsigned large = 0; !is_shadow && large < SIM_LARGE_PAGES; large++) {
		fill_large(cached, large);
	}
	cached += SIM_FIRST_USER + space * SIM_USER_PAGES;
	for (unsigned page = 0; space != SIM_NOBODY && page < SIM_USER_PAGES; page++) {
		cache(&cached[page], &sim.user_pte[space][page]);
	}
	judge(cpu);
}

static void forget(unsigned pcid, unsigned first, unsigned nr)
{
	memset(&sim_self()->cached[pcid_index(pcid)][first], 0, nr * sizeof(uint16_t));
}

void sim_forget(unsigned pcid) { forget(pcid, 0, SIM_NR_ENTRIES); }

void sim_forget_page(unsigned pcid, uint64_t address)
{
	if (address >= SIM_KERNEL_BASE) {
		unsigned large = (unsigned)((address - SIM_KERNEL_BASE) / HUGE_SIZE);
		unsigned part = (unsigned)((address - SIM_KERNEL_BASE) % HUGE_SIZE / PAGE_SIZE);

		forget(pcid, large * SIM_PARTS + part, 1);
		forget(pcid, SIM_FIRST_LARGE + large, 1);
		forget(pcid, SIM_FIRST_TABLE, SIM_LARGE_PAGES);
		return;
	}
	for (unsigned space = 0; space < SIM_SPACES; space++) {
		uint64_t page = (address - SIM_USER_BASE) / PAGE_SIZE;

		if (page < SIM_USER_PAGES) {
			forget(pcid, (unsigned)(SIM_FIRST_USER + space * SIM_USER_PAGES + page), 1);
		}
	}
}
