/* What the code under test needs of the hardware (mm/tlb/tlb_hw.h), on the simulated machine. */
#include <string.h>

#include "core/poll.h"
#include "mm/gate/current/user_half.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/tlb_hw.h"
#include "parts.h"

bool pcid_is_on;
void (*poll_hook)(void); /* the simulated locks call tlb_poll themselves */

unsigned tlb_hw_cpu_id(void) { return sim.current; }
struct tlb_cpu *tlb_hw_cpu(unsigned id) { return &sim.cpus[id].tlb; }
struct tlb_cpu *tlb_hw_self(void) { return &sim_self()->tlb; }
tlb_word_t *tlb_hw_mode(unsigned id) { return &sim.cpus[id].mode; }
unsigned tlb_hw_nr_cpus(void) { return (unsigned)tlb_hw_read(&sim.nr_online); }
bool tlb_hw_has_pcid(void) { return pcid_is_on; }
bool tlb_hw_has_invpcid(void) { return sim.config.invpcid; }
void tlb_hw_relax(void) { sim_step("waits", 0); }
void tlb_hw_count_round(void) { sim_log->nr_rounds++; }

/* The machine counts the interrupts that it delivers itself. */
void tlb_hw_count_ipi(void) {}

/* Slots are written by others, too, but not those of a root that is in use here. */
static bool is_of_current(const tlb_word_t *word)
{
	const struct current *current = &sim_self()->current;

	return word == &current->roots ||
	       (word >= &current->slots[0].word && word <= &current->slots[NR_ASIDS - 1].word);
}

/* No other CPU writes these words, so nobody could tell when they are read. */
static bool is_own(const tlb_word_t *word)
{
	return (word == &tlb_hw_self()->seen && !sim.config.gated) ||
	       word == &sim.gate_seen[sim.current] || is_of_current(word);
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
	sim_barrier();
	sim_memory_write(word, word->value + addend);
	return word->value;
}

uint64_t tlb_hw_exchange(tlb_word_t *word, uint64_t value)
{
	uint64_t old;

	sim_step("exchanges", (uint64_t)word);
	sim_barrier();
	old = word->value;
	sim_memory_write(word, value);
	return old;
}

void cr3_load(cr3_t cr3)
{
	struct sim_cpu *cpu = sim_self();

	sim_step(cr3_is_noflush(cr3) ? "loads CR3, NOFLUSH," : "loads CR3", cr3.value);
	if (!pcid_is_on && cr3.value & (CR3_NOFLUSH | CR3_PCID_MASK)) {
		sim_fail("a CR3 value uses PCIDs that are off");
	}
	sim_barrier();
	cpu->cr3 = cr3.value & ~CR3_NOFLUSH;
	sim_log->nr_noflush_loads += cr3_is_noflush(cr3);
	if (!cr3_is_noflush(cr3)) {
		sim_forget(cpu->cr3 & CR3_PCID_MASK);
	}
	sim_fill(cpu);
}

uint64_t cr3_value(void) { return sim_self()->cr3; }
void pcid_enable(void) { pcid_is_on = sim.config.pcid; }

/* --- who runs: as gate_switch and gate_switch_here have it, stacks and credentials apart --- */

const struct current *tlb_hw_current_of(unsigned id) { return &sim.cpus[id].current; }
const struct current *tlb_hw_current(void) { return &sim_self()->current; }
struct current *tlb_hw_own_current(void) { return &sim_self()->current; }
uint32_t tlb_hw_boot_root(void) { return pa_to_pfn(sim_boot_root()).pfn; }
bool half_hw_exit_loads(void) { return sim.config.kaiser; }

static tlb_word_t *generation_of(uint32_t root)
{
	for (unsigned space = 0; space < SIM_SPACES; space++) {
		if (pa_to_pfn(sim_space_root(space)).pfn == root) {
			return &sim.generations[space];
		}
	}
	return NULL;
}

/* The boot root has none, and nobody takes it for one's. */
uint32_t tlb_hw_generation(uint32_t root)
{
	const tlb_word_t *generation = generation_of(root);

	return generation ? (uint32_t)tlb_hw_read(generation) : 0;
}
void half_hw_raise(uint32_t root) { (void)tlb_hw_add(generation_of(root), 1); }

void half_hw_forget(struct user_slot *slot, uint32_t root)
{
	sim_step("empties a slot", (uint64_t)slot);
	sim_barrier();
	if (slot->root == root) {
		sim_memory_write(&slot->word, 0);
	}
}

bool half_hw_can_flush_pages(void) { return !tlb_hw_has_pcid() || tlb_hw_has_invpcid(); }
void half_hw_flush_page_of(pcid_t pcid, uint64_t page)
{
	if (tlb_hw_has_pcid()) {
		tlb_hw_flush_page_of(pcid, page);
	} else {
		tlb_hw_flush_page(page);
	}
}

/* Where the root's slot is, if it has one; or what a lie says. */
static unsigned hint(const struct current *own, uint32_t root)
{
	unsigned slot = 0;

	while (!sim.told_slot && slot < NR_ASIDS - 1 && own->slots[slot].root != root) {
		slot++;
	}
	slot = sim.told_slot ? sim.told_slot - 1 : slot;
	sim.told_slot = 0;
	return slot;
}

/* As the gate does it: mm/gate/current/switch.c. */
void tlb_hw_switch(const struct as_tlb *to)
{
	struct current *own = tlb_hw_own_current();
	uint32_t root = to ? pa_to_pfn(to->root).pfn : tlb_hw_boot_root();
	unsigned slot = hint(own, root);

	if (half_root(tlb_hw_read(&own->roots)) == root) {
		return;
	}
	if (half_find(own, root, slot)) {
		half_use(own, root, slot);
		return;
	}
	half_name(own, root);
	(void)(to ? half_load(own, root, 0)
		  : half_load_none(own,
				   cr3_noflush(cr3_make(sim_boot_root(), (pcid_t){ PCID_BOOT }))));
}

void tlb_hw_settle(void)
{
	struct current *own = tlb_hw_own_current();

	(void)half_load(own, half_root(tlb_hw_read(&own->roots)), SWITCH_LOAD);
}

void tlb_hw_flush_all(void)
{
	sim_step("flushes all", 0);
	sim_barrier();
	sim_log->nr_flushes++;
	memset(sim_self()->cached, 0, sizeof(sim_self()->cached));
	sim_fill(sim_self());
}

void tlb_hw_flush_pcid(pcid_t pcid)
{
	if (!pcid_is_on || !sim.config.invpcid) {
		tlb_hw_flush_all();
		return;
	}
	sim_step("flushes PCID", pcid.pcid);
	sim_barrier();
	sim_forget(pcid.pcid);
	sim_fill(sim_self());
}

void tlb_hw_flush_page(uint64_t address)
{
	sim_step("flushes page", address);
	sim_barrier();
	sim_invlpg(address);
	sim_fill(sim_self());
}

void tlb_hw_flush_page_of(pcid_t pcid, uint64_t address)
{
	sim_step("flushes page of another PCID", address);
	sim_barrier();
	sim_invpcid_address(pcid.pcid, address);
	sim_fill(sim_self());
}

/* --- the gate, on whose words nobody lies --- */

bool tlb_hw_is_gated(void) { return sim.config.gated; }
uint64_t tlb_hw_gate_newest(void) { return tlb_hw_read(&sim.gate_newest); }
uint64_t tlb_hw_gate_seen(unsigned id) { return tlb_hw_read(&sim.gate_seen[id]); }
uint64_t tlb_hw_gate_downgrade(void) { return tlb_hw_add(&sim.gate_newest, 1); }

/* As gate_flush has it. */
uint64_t tlb_hw_gate_flush(void)
{
	uint64_t generation = tlb_hw_gate_newest();

	tlb_hw_flush_all();
	tlb_hw_write(&sim.gate_seen[sim.current], generation);
	return generation;
}

void tlb_hw_raise(tlb_word_t *word, uint64_t value)
{
	sim_step("raises", (uint64_t)word);
	sim_barrier();
	if (word->value < value) {
		sim_memory_write(word, value);
	}
}

void tlb_hw_send_ipi(unsigned id)
{
	sim_step("sends an IPI to CPU", id);
	sim_barrier();
	sim_log->nr_ipis++;
	sim.cpus[id].ipi_pending = true;
}
