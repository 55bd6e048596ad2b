/* What the code under test needs of the hardware (mm/tlb_hw.h), on the simulated machine. */
#include <string.h>

#include "core/poll.h"
#include "mm/tlb_hw.h"
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
void tlb_hw_note_generation(pcid_t pcid, uint64_t generation) { (void)pcid, (void)generation; }
void tlb_hw_relax(void) { sim_step("waits", 0); }
void tlb_hw_count_round(void) { sim_log->nr_rounds++; }

/* The machine counts the interrupts that it delivers itself. */
void tlb_hw_count_ipi(void) {}

static bool is_slot(const tlb_word_t *word)
{
	const tlb_word_t *first = &tlb_hw_self()->slots[0].as_id;

	return word >= first && word < first + sizeof(struct asid_slot) / sizeof(*word) * NR_ASIDS;
}

/* No other CPU writes these words, so nobody could tell when they are read. */
static bool is_own(const tlb_word_t *word)
{
	return (word == &tlb_hw_self()->seen && !sim.config.gated) ||
	       word == &sim.gate_seen[sim.current] || is_slot(word);
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

void tlb_hw_set_bits(tlb_word_t *word, uint64_t bits)
{
	sim_step("sets bits in", (uint64_t)word);
	sim_barrier();
	sim_memory_write(word, word->value | bits);
}

void tlb_hw_clear_bits(tlb_word_t *word, uint64_t bits)
{
	sim_step("clears bits in", (uint64_t)word);
	sim_barrier();
	sim_memory_write(word, word->value & ~bits);
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

void cr3_load_as(cr3_t cr3, uint64_t generation)
{
	(void)generation;
	cr3_load(cr3);
}

uint64_t cr3_value(void) { return sim_self()->cr3; }
void pcid_enable(void) { pcid_is_on = sim.config.pcid; }
bool tlb_hw_exit_loads(void) { return sim.config.kaiser; }

/* As gate_switch has it, stacks apart. */
uint64_t tlb_hw_switch(const struct as_tlb *to, struct stack_change stacks, unsigned how,
		       uint64_t generation)
{
	struct sim_cpu *cpu = sim_self();
	pcid_t pcid = { (uint16_t)(PCID_SLOT_FIRST + (how & SWITCH_SLOT)) };
	pcid_t user = { (uint16_t)(pcid.pcid | PCID_USER_BIT) };

	(void)stacks;
	if (cpu->in_use == to) {
		return 0;
	}
	cpu->in_use = to;
	if (!to) {
		cpu->exit_cr3 = cr3_noflush(cr3_make(sim_boot_root(), (pcid_t){ PCID_BOOT }));
		cr3_load_as(cpu->exit_cr3, 0);
		return 0;
	}
	cpu->kernel_cr3 = cr3_noflush(cr3_make(to->root, pcid));
	cpu->exit_cr3 = cr3_noflush(cr3_make((pa_t){ to->root.pa + PAGE_SIZE }, user));
	if (how & SWITCH_FLUSH) {
		tlb_hw_flush_pcid(user);
	}
	if (!(how & SWITCH_LATER)) {
		cr3_load_as(how & SWITCH_FLUSH ? cr3_flushing(cpu->kernel_cr3) : cpu->kernel_cr3,
			    generation);
	}
	return 0;
}

void tlb_hw_settle(unsigned slot, uint64_t generation)
{
	(void)slot;
	cr3_load_as(sim_self()->kernel_cr3, generation);
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
