/* Steps, store buffers, TLBs, and the judgement of what a CPU could use. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include "core/poll.h"
#include "lib/assert.h"
#include "mm/asid.h"
#include "mm/tlb_hw.h"

struct sim sim;
struct sim_log *sim_log;
bool pcid_is_on;
void (*poll_hook)(void); /* the simulated locks call tlb_poll themselves */

enum {
	BOOT_ROOT = 0x2000,
	WINDOW_ROOT = 0x4000,
	SPACE_ROOTS = 0x100000,
	ROOT_PAIR = 2 * PAGE_SIZE
};

pa_t sim_boot_root(void) { return (pa_t){ BOOT_ROOT }; }
pa_t sim_window_root(void) { return (pa_t){ WINDOW_ROOT }; }
pa_t sim_space_root(unsigned space) { return (pa_t){ SPACE_ROOTS + space * ROOT_PAIR }; }

/* --- where CPUs stand --- */

struct sim_cpu *sim_self(void) { return &sim.cpus[sim.current]; }

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

void sim_fail(const char *why)
{
	if (!sim_log->failure) {
		sim_log->failure = why;
	}
}

/* Kernel code's own assertions: the CPU stops for good. */
void assert_failed(const char *condition, const char *file, int line, const char *function)
{
	(void)file, (void)line, (void)function;
	sim_fail(condition);
	for (;;) {
		sim_step("failed an assertion", 0);
	}
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
		if (is_old(cached[page], sim.kernel_min[page])) {
			sim_fail("a stale kernel translation is usable");
		}
	}
	judge_user(cpu, cached + SIM_KERNEL_PAGES);
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

void sim_forbid_user(unsigned space, unsigned page, uint16_t oldest_allowed)
{
	sim.user_min[space][page] = MAX(sim.user_min[space][page], oldest_allowed);
	judge_all();
}

uint16_t sim_version_new(void) { return ++sim.newest_version; }

/* --- TLBs --- */

static void cache(uint16_t *entry, const tlb_word_t *pte)
{
	if (!*entry) {
		*entry = (uint16_t)pte->value;
	}
}

/* Caches everything that the loaded root translates. */
static void fill(struct sim_cpu *cpu)
{
	uint16_t *cached = cpu->cached[pcid_index(cpu->cr3)];
	int space = space_of(cpu->cr3);
	bool is_shadow = space != SIM_NOBODY && cpu->cr3 & PAGE_SIZE;

	for (unsigned page = 0; !is_shadow && page < SIM_KERNEL_PAGES; page++) {
		cache(&cached[page], &sim.kernel_pte[page]);
	}
	cached += SIM_KERNEL_PAGES + space * SIM_USER_PAGES;
	for (unsigned page = 0; space != SIM_NOBODY && page < SIM_USER_PAGES; page++) {
		cache(&cached[page], &sim.user_pte[space][page]);
	}
	judge(cpu);
}

static bool is_pte(const tlb_word_t *word)
{
	return (word >= sim.kernel_pte && word < sim.kernel_pte + SIM_KERNEL_PAGES) ||
	       (word >= sim.user_pte[0] && word < sim.user_pte[SIM_SPACES]);
}

static void memory_write(tlb_word_t *word, uint64_t value)
{
	word->value = value;
	for (unsigned id = 0; is_pte(word) && id < sim.config.nr_cpus; id++) {
		fill(&sim.cpus[id]);
	}
}

/* --- store buffers --- */

bool sim_has_stores(unsigned id) { return sim.cpus[id].nr_stores; }

void sim_drain_one(unsigned id)
{
	struct sim_cpu *cpu = &sim.cpus[id];
	struct sim_store store = cpu->stores[0];

	cpu->nr_stores--;
	memmove(cpu->stores, cpu->stores + 1, cpu->nr_stores * sizeof(store));
	cpu->stores[cpu->nr_stores] = (struct sim_store){ 0 };
	memory_write(store.word, store.value);
}

static void barrier(void)
{
	while (sim_has_stores(sim.current)) {
		sim_drain_one(sim.current);
	}
}

/* --- steps --- */

void sim_log_init(void)
{
	sim_log = aligned_alloc(16, sizeof(*sim_log));
	memset(sim_log, 0, sizeof(*sim_log));
}

void sim_init(const struct sim_config *config)
{
	memset(&sim, 0, sizeof(sim));
	sim.config = *config;
	pcid_is_on = false;
	for (unsigned id = 0; id < SIM_CPUS_MAX; id++) {
		sim.cpus[id].running = SIM_NOBODY;
		sim.cpus[id].cr3 = BOOT_ROOT;
	}
}

void sim_start(unsigned id, void (*body)(void))
{
	coroutine_init(&sim.coroutines[id], sim_log->stacks[id], body);
}

bool sim_is_through(unsigned id) { return sim.cpus[id].is_finished && sim.cpus[id].interruptible; }

bool sim_can(unsigned id, enum sim_wake wake)
{
	const struct sim_cpu *cpu = &sim.cpus[id];

	switch (wake) {
	case WAKE_STEP: return !sim_is_through(id) && (id == 0 || sim.cpus[id - 1].is_online);
	case WAKE_INTERRUPT: return cpu->interruptible && cpu->ipi_pending;
	case WAKE_NMI: return cpu->is_online && !cpu->in_nmi;
	}
	return false;
}

void sim_resume(unsigned id, enum sim_wake wake)
{
	sim.current = id;
	sim_log->wake = wake;
	coroutine_switch(&sim.scheduler_rsp, sim.coroutines[id].rsp);
}

void sim_step(const char *event, uint64_t detail)
{
	unsigned id = sim.current;

	for (;;) {
		coroutine_switch(&sim.coroutines[id].rsp, sim.scheduler_rsp);
		if (sim_log->wake == WAKE_STEP) {
			break;
		}
		sim_log->event = sim_log->wake == WAKE_NMI ? "NMI" : "interrupt";
		if (sim_log->wake == WAKE_NMI) {
			sim_on_nmi();
		} else {
			sim_on_interrupt();
		}
	}
	sim_log->event = event;
	sim_log->detail = detail;
}

/* --- the interface --- */

unsigned tlb_hw_cpu_id(void) { return sim.current; }
struct tlb_cpu *tlb_hw_cpu(unsigned id) { return &sim.cpus[id].tlb; }
struct tlb_cpu *tlb_hw_self(void) { return &sim_self()->tlb; }
tlb_word_t *tlb_hw_mode(unsigned id) { return &sim.cpus[id].mode; }
unsigned tlb_hw_nr_cpus(void) { return (unsigned)tlb_hw_read(&sim.nr_online); }
bool tlb_hw_has_pcid(void) { return pcid_is_on; }
bool tlb_hw_has_invpcid(void) { return sim.config.invpcid; }
void tlb_hw_note_generation(pcid_t pcid, uint64_t generation) { (void)pcid, (void)generation; }
void tlb_hw_note_exit(cr3_t cr3, uint64_t generation) { (void)cr3, (void)generation; }
void tlb_hw_relax(void) { sim_step("waits", 0); }
void tlb_hw_count_round(void) { sim_log->nr_rounds++; }

/* No other CPU writes these words, so nobody could tell when they are read. */
static bool is_own(const tlb_word_t *word)
{
	return word == &tlb_hw_self()->seen || word == &tlb_hw_self()->as_seen;
}

uint64_t tlb_hw_read(const tlb_word_t *word)
{
	const struct sim_cpu *cpu = sim_self();

	if (!is_own(word)) {
		sim_step("reads", (uint64_t)word);
	}
	for (unsigned i = cpu->nr_stores; i > 0; i--) {
		if (cpu->stores[i - 1].word == word) {
			return cpu->stores[i - 1].value;
		}
	}
	return word->value;
}

void tlb_hw_write(tlb_word_t *word, uint64_t value)
{
	struct sim_cpu *cpu = sim_self();

	if (sim.config.step_at_stores || cpu->nr_stores == SIM_STORES_MAX) {
		sim_step("stores", (uint64_t)word);
	}
	if (cpu->nr_stores == SIM_STORES_MAX) {
		sim_drain_one(sim.current);
	}
	cpu->stores[cpu->nr_stores++] = (struct sim_store){ word, value };
}

uint64_t tlb_hw_add(tlb_word_t *word, uint64_t addend)
{
	sim_step("adds to", (uint64_t)word);
	barrier();
	memory_write(word, word->value + addend);
	return word->value;
}

uint64_t tlb_hw_exchange(tlb_word_t *word, uint64_t value)
{
	uint64_t old;

	sim_step("exchanges", (uint64_t)word);
	barrier();
	old = word->value;
	memory_write(word, value);
	return old;
}

void tlb_hw_set_bits(tlb_word_t *word, uint64_t bits)
{
	sim_step("sets bits in", (uint64_t)word);
	barrier();
	memory_write(word, word->value | bits);
}

void tlb_hw_clear_bits(tlb_word_t *word, uint64_t bits)
{
	sim_step("clears bits in", (uint64_t)word);
	barrier();
	memory_write(word, word->value & ~bits);
}

static void forget(unsigned pcid, unsigned first, unsigned nr)
{
	memset(&sim_self()->cached[pcid][first], 0, nr * sizeof(uint16_t));
}

void cr3_load(cr3_t cr3)
{
	struct sim_cpu *cpu = sim_self();

	sim_step(cr3_is_noflush(cr3) ? "loads CR3, NOFLUSH," : "loads CR3", cr3.value);
	if (!pcid_is_on && cr3.value & (CR3_NOFLUSH | CR3_PCID_MASK)) {
		sim_fail("a CR3 value uses PCIDs that are off");
	}
	barrier();
	cpu->cr3 = cr3.value & ~CR3_NOFLUSH;
	sim_log->nr_noflush_loads += cr3_is_noflush(cr3);
	if (!cr3_is_noflush(cr3)) {
		forget(pcid_index(cpu->cr3), 0, SIM_NR_ENTRIES);
	}
	fill(cpu);
}

void cr3_load_as(cr3_t cr3, uint64_t generation)
{
	(void)generation;
	cr3_load(cr3);
}

cr3_t cr3_read(void) { return (cr3_t){ sim_self()->cr3 }; }
void pcid_enable(void) { pcid_is_on = sim.config.pcid; }
void tlb_hw_load_cr3(cr3_t cr3, uint64_t generation) { cr3_load_as(cr3, generation); }

void tlb_hw_flush_all(void)
{
	sim_step("flushes all", 0);
	barrier();
	sim_log->nr_flushes++;
	for (unsigned pcid = 0; pcid < SIM_NR_PCIDS; pcid++) {
		forget(pcid, 0, SIM_NR_ENTRIES);
	}
	fill(sim_self());
}

void tlb_hw_flush_pcid(pcid_t pcid)
{
	if (!pcid_is_on || !sim.config.invpcid) {
		tlb_hw_flush_all();
		return;
	}
	sim_step("flushes PCID", pcid.pcid);
	barrier();
	forget(pcid_index(pcid.pcid), 0, SIM_NR_ENTRIES);
	fill(sim_self());
}

static void page_forget(unsigned pcid, uint64_t address)
{
	if (address >= SIM_KERNEL_BASE) {
		forget(pcid, (unsigned)((address - SIM_KERNEL_BASE) / PAGE_SIZE), 1);
		return;
	}
	for (unsigned space = 0; space < SIM_SPACES; space++) {
		uint64_t page = (address - SIM_USER_BASE) / PAGE_SIZE;

		if (page < SIM_USER_PAGES) {
			forget(pcid, (unsigned)(SIM_KERNEL_PAGES + space * SIM_USER_PAGES + page),
			       1);
		}
	}
}

void tlb_hw_flush_page(uint64_t address)
{
	sim_step("flushes page", address);
	barrier();
	page_forget(pcid_index(sim_self()->cr3), address);
	fill(sim_self());
}

void tlb_hw_flush_page_of(pcid_t pcid, uint64_t address)
{
	sim_step("flushes page of another PCID", address);
	barrier();
	page_forget(pcid_index(pcid.pcid), address);
	fill(sim_self());
}

void tlb_hw_send_ipi(unsigned id)
{
	sim_step("sends an IPI to CPU", id);
	barrier();
	sim_log->nr_ipis++;
	sim.cpus[id].ipi_pending = true;
}
