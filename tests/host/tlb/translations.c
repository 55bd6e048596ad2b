/* TLBs and paging-structure caches as full as they could be; what a CPU could use, judged. */
#include <string.h>

#include "mm/tlb/asid.h"
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

static bool holds_user(const struct sim_cached_user *user)
{
	bool holds = user->upper;

	for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
		holds = holds || user->pte[page] || user->pde[page];
	}
	return holds;
}

/*
 * User pages count while their root is loaded, whoever runs: a walk through tables that were freed
 * is no better.
 */
static void judge_user(const struct sim_cpu *cpu, const struct sim_cached_user *user)
{
	int loaded = space_of(cpu->cr3);

	if (cpu->user_usable && loaded != cpu->running) {
		sim_fail("the wrong address space is loaded");
	}
	if (!holds_user(user)) {
		return;
	}
	if (user->owner != loaded + 1) {
		sim_fail("a translation of another address space is usable");
		return;
	}
	for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
		if (is_old(user->pte[page], sim.user_min[loaded][page])) {
			sim_fail("a stale user translation is usable");
		}
		if (is_old(user->pde[page], sim.user_pde_min[loaded][page])) {
			sim_fail("a page table of the user half is freed and can be walked");
		}
	}
	if (is_old(user->upper, sim.user_upper_min[loaded])) {
		sim_fail("an upper table of the user half is freed and can be walked");
	}
}

static void judge_kernel(const struct sim_cached *cached)
{
	for (unsigned page = 0; page < SIM_KERNEL_PAGES; page++) {
		if (is_old(cached->kernel_pte[page], sim.kernel_min[page]) ||
		    is_old(cached->kernel_large[page / SIM_PARTS], sim.kernel_min[page])) {
			sim_fail("a stale kernel translation is usable");
		}
	}
	for (unsigned large = 0; large < SIM_LARGE_PAGES; large++) {
		if (is_old(cached->kernel_large[large], sim.large_min[large])) {
			sim_fail("a large page that was split is usable");
		}
	}
}

/* Looks for a translation that the CPU could use where it stands and must not. */
static void judge(const struct sim_cpu *cpu)
{
	const struct sim_cached *cached = &cpu->cached[pcid_index(cpu->cr3)];

	sim_log->nr_checks++;
	if (cpu->kernel_usable) {
		judge_kernel(cached);
	}
	for (unsigned large = 0; large < SIM_LARGE_PAGES; large++) {
		if (is_old((uint16_t)cached->kernel_pde[large], sim.kernel_pde_min[large])) {
			sim_fail("a page table of the kernel half is freed and can be walked");
		}
	}
	judge_user(cpu, &cached->user);
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

static void forbid(uint16_t *min, uint16_t oldest_allowed)
{
	*min = MAX(*min, oldest_allowed);
	judge_all();
}

void sim_forbid_kernel(unsigned page, uint16_t oldest_allowed)
{
	forbid(&sim.kernel_min[page], oldest_allowed);
}

void sim_forbid_large(unsigned large, uint16_t oldest_allowed)
{
	forbid(&sim.large_min[large], oldest_allowed);
}

void sim_forbid_user(unsigned space, unsigned page, uint16_t oldest_allowed)
{
	forbid(&sim.user_min[space][page], oldest_allowed);
}

void sim_forbid_kernel_table(unsigned large, uint16_t oldest_allowed)
{
	forbid(&sim.kernel_pde_min[large], oldest_allowed);
}

void sim_forbid_user_table(unsigned space, unsigned page, uint16_t oldest_allowed)
{
	forbid(&sim.user_pde_min[space][page], oldest_allowed);
}

void sim_forbid_tables(unsigned space, uint16_t oldest_allowed)
{
	for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
		sim_forbid_user_table(space, page, oldest_allowed);
	}
	forbid(&sim.user_upper_min[space], oldest_allowed);
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

void sim_kernel_pde_write(const tlb_word_t *word, uint64_t value)
{
	uint64_t large = (uint64_t)(word - sim.kernel_pde), table = value >> SIM_TABLE_SHIFT;

	if (large < SIM_LARGE_PAGES && table && sim.table_serves[table - 1] != large) {
		sim_forbid_kernel_table(sim.table_serves[table - 1], (uint16_t)value);
		sim.table_serves[table - 1] = (uint8_t)large;
	}
}

uint16_t sim_version_new(void) { return ++sim.newest_version; }

static void cache(uint16_t *entry, const tlb_word_t *pte)
{
	if (!*entry) {
		*entry = (uint16_t)pte->value;
	}
}

static void check_shown(unsigned large, enum sim_shown wrong, const char *why)
{
	for (unsigned part = 0; part < SIM_PARTS; part++) {
		if (sim.kernel_shown[large * SIM_PARTS + part] == wrong) {
			sim_fail(why);
		}
	}
}

/* The parts of a large page, by an entry that leads to its table. */
static void fill_parts(struct sim_cached *cached, unsigned large, uint64_t entry)
{
	const tlb_word_t *table = &sim.kernel_pte[((entry >> SIM_TABLE_SHIFT) - 1) * SIM_PARTS];

	for (unsigned part = 0; part < SIM_PARTS; part++) {
		unsigned page = large * SIM_PARTS + part;

		if (!table[part].value && sim.kernel_shown[page] == SHOWN_ALWAYS) {
			sim_fail("a page that is shown is not mapped");
		}
		cache(&cached->kernel_pte[page], &table[part]);
	}
}

static void fill_kernel(struct sim_cached *cached, unsigned large)
{
	uint64_t entry = sim.kernel_pde[large].value;

	if (cached->kernel_pde[large]) {
		fill_parts(cached, large, cached->kernel_pde[large]);
	}
	if (!entry) {
		check_shown(large, SHOWN_ALWAYS, "a page that is shown is not mapped");
	} else if (entry >> SIM_TABLE_SHIFT) {
		if (!cached->kernel_pde[large]) {
			cached->kernel_pde[large] = (uint32_t)entry;
		}
		fill_parts(cached, large, entry);
	} else {
		check_shown(large, SHOWN_NEVER, "a large page shows a page that is hidden");
		cache(&cached->kernel_large[large], &sim.kernel_pde[large]);
	}
}

static void fill_user(struct sim_cached_user *user, unsigned space)
{
	if (holds_user(user) && user->owner != space + 1) {
		return; /* the judgement says so */
	}
	user->owner = (uint16_t)(space + 1);
	cache(&user->upper, &sim.user_upper[space]);
	for (unsigned page = 0; page < SIM_USER_PAGES; page++) {
		cache(&user->pde[page], &sim.user_pde[space][page]);
		if (user->pde[page]) { /* be the table there or only cached */
			cache(&user->pte[page], &sim.user_pte[space][page]);
		}
	}
}

/* Caches everything that the loaded root translates. A CPU is counted before it is started. */
void sim_fill(struct sim_cpu *cpu)
{
	bool is_started = (uint64_t)(cpu - sim.cpus) < sim.nr_online.value;
	struct sim_cached *cached = &cpu->cached[pcid_index(cpu->cr3)];
	int space = space_of(cpu->cr3);
	bool is_shadow = space != SIM_NOBODY && cpu->cr3 & PAGE_SIZE;

	if (!is_started) {
		return;
	}
	for (unsigned large = 0; !is_shadow && large < SIM_LARGE_PAGES; large++) {
		fill_kernel(cached, large);
	}
	if (space != SIM_NOBODY) {
		fill_user(&cached->user, (unsigned)space);
	}
	judge(cpu);
}

uint16_t sim_user_version(unsigned page, bool oldest)
{
	const struct sim_cpu *cpu = sim_self();
	int space = space_of(cpu->cr3);
	uint16_t cached = cpu->cached[pcid_index(cpu->cr3)].user.pte[page];

	if (cached && oldest) {
		return cached;
	}
	return space != SIM_NOBODY && sim.user_pde[space][page].value
		       ? (uint16_t)sim.user_pte[space][page].value
		       : 0;
}

/* --- flushes --- */

void sim_forget(unsigned pcid) { sim_self()->cached[pcid_index(pcid)] = (struct sim_cached){ 0 }; }

static void forget_kernel(struct sim_cached *cached, uint64_t offset)
{
	uint64_t large = offset / HUGE_SIZE, part = offset % HUGE_SIZE / PAGE_SIZE;

	if (large < SIM_LARGE_PAGES) {
		cached->kernel_large[large] = 0;
		cached->kernel_pde[large] = 0;
		if (part < SIM_PARTS) {
			cached->kernel_pte[large * SIM_PARTS + part] = 0;
		}
	}
}

static void forget_user(struct sim_cached_user *user, uint64_t offset)
{
	uint64_t page = offset / HUGE_SIZE;

	user->upper = 0;
	if (page < SIM_USER_PAGES) {
		user->pde[page] = 0;
		if (offset % HUGE_SIZE == 0) {
			user->pte[page] = 0;
		}
	}
}

void sim_invpcid_address(unsigned pcid, uint64_t address)
{
	struct sim_cached *cached = &sim_self()->cached[pcid_index(pcid)];

	if (address >= SIM_KERNEL_BASE) {
		forget_kernel(cached, address - SIM_KERNEL_BASE);
	} else {
		forget_user(&cached->user, address - SIM_USER_BASE);
	}
}

void sim_invlpg(uint64_t address)
{
	unsigned pcid = sim_self()->cr3 & CR3_PCID_MASK;
	struct sim_cached *cached = &sim_self()->cached[pcid_index(pcid)];

	sim_invpcid_address(pcid, address);
	memset(cached->kernel_pde, 0, sizeof(cached->kernel_pde));
	memset(cached->user.pde, 0, sizeof(cached->user.pde));
	cached->user.upper = 0;
}
