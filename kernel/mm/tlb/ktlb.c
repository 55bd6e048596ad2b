/* Generations of the kernel half: docs/tlb.md has the argument for each order of steps here. */
#include "mm/tlb/ktlb.h"

#include "lib/assert.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/tlb.h"
#include "mm/tlb/tlb_hw.h"

/* The first generation is complete from the start. */
tlb_word_t ktlb_newest = { 1 };

/* Of the latest split; 0: there was none. */
static tlb_word_t newest_split;

uint64_t ktlb_generation(void) { return tlb_hw_read(&ktlb_newest); }

static uint64_t downgrade_gated(void)
{
	uint64_t generation = tlb_hw_gate_downgrade();

	tlb_hw_raise(&ktlb_newest, generation);
	return generation;
}

uint64_t ktlb_downgrade(void)
{
	uint64_t generation = tlb_hw_is_gated() ? downgrade_gated() : tlb_hw_add(&ktlb_newest, 1);

	tlb_hw_note_downgrade(generation);
	return generation;
}

/* Everything was, since the generation was read. */
static void note_flushed(uint64_t generation) { tlb_hw_write(&tlb_hw_self()->seen, generation); }

/* The generation is read before the flush: a downgrade between the two counts as not seen. With
 * ptprot nobody else counts this one as seen. */
static void flush_outside(void)
{
	uint64_t generation = ktlb_generation();

	tlb_hw_flush_all();
	note_flushed(generation);
}

static void flush_gated(void)
{
	uint64_t generation = tlb_hw_gate_flush();

	note_flushed(generation);
}

static void flush_all(void)
{
	if (tlb_hw_is_gated()) {
		flush_gated();
	} else {
		flush_outside();
	}
}

/* Was there a downgrade since this CPU's last flush? */
static inline bool is_behind(void)
{
	return tlb_hw_read(&tlb_hw_self()->seen) != ktlb_generation();
}

void ktlb_catch_up(void)
{
	if (is_behind()) {
		flush_all();
	}
}

void ktlb_serve(void)
{
	if (!tlb_hw_is_gated()) {
		ktlb_catch_up();
	} else if (tlb_hw_gate_seen(tlb_hw_cpu_id()) != tlb_hw_gate_newest()) {
		flush_gated();
	}
}

/* The exchange is the barrier between "I am in the kernel" and the look at the generation. What
 * comes in here may have interrupted the gate, and enters none. */
enum cpu_mode ktlb_enter(void)
{
	enum cpu_mode before =
		(enum cpu_mode)tlb_hw_exchange(tlb_hw_mode(tlb_hw_cpu_id()), CPU_KERNEL);

	if (is_behind()) {
		flush_outside();
	}
	tlb_hw_note_steerable(true);
	return before;
}

void ktlb_leave(enum cpu_mode mode)
{
	if (mode == CPU_USER) {
		tlb_hw_note_exit();
	}
	tlb_hw_note_steerable(mode == CPU_KERNEL);
	tlb_hw_write(tlb_hw_mode(tlb_hw_cpu_id()), mode);
}

static bool has_seen(unsigned id, uint64_t generation)
{
	uint64_t seen =
		tlb_hw_is_gated() ? tlb_hw_gate_seen(id) : tlb_hw_read(&tlb_hw_cpu(id)->seen);

	return seen >= generation;
}

/* It has flushed, or will on its way in: but its mode is only its word for it. */
static bool cannot_use(unsigned id, uint64_t generation)
{
	return has_seen(id, generation) ||
	       (!tlb_hw_is_gated() && tlb_hw_read(tlb_hw_mode(id)) != CPU_KERNEL);
}

/* With ptprot nobody waits for what was never drawn. */
static uint64_t drawn(uint64_t generation)
{
	return tlb_hw_is_gated() ? MIN(generation, tlb_hw_gate_newest()) : generation;
}

bool ktlb_is_complete(uint64_t generation)
{
	generation = drawn(generation);
	for (unsigned id = 0; id < tlb_hw_nr_cpus(); id++) {
		if (!cannot_use(id, generation)) {
			return false;
		}
	}
	tlb_hw_note_complete(generation);
	return true;
}

typedef bool (*cpu_test)(unsigned id, uint64_t generation);

/* Blocks until every other CPU passes; asks those that do not at first. */
static void wait_for_others(cpu_test passes, uint64_t generation)
{
	unsigned nr_asked = 0, self = tlb_hw_cpu_id();

	for (unsigned id = 0; id < tlb_hw_nr_cpus(); id++) {
		if (id != self && !passes(id, generation)) {
			tlb_request(id);
			nr_asked++;
		}
	}
	if (nr_asked) {
		tlb_hw_count_round();
	}
	for (unsigned id = 0; id < tlb_hw_nr_cpus(); id++) {
		while (id != self && !passes(id, generation)) {
			tlb_poll();
			tlb_hw_relax();
		}
	}
}

void ktlb_wait(uint64_t generation)
{
	generation = drawn(generation);
	if (!has_seen(tlb_hw_cpu_id(), generation)) {
		flush_all();
	}
	wait_for_others(cannot_use, generation);
	tlb_hw_note_complete(generation);
}

/*
 * Flushes the pages one by one where that reaches every translation: not with PCIDs, where INVLPG
 * reaches only one.
 */
static bool flush_singly(va_t first, uint64_t nr_pages)
{
	if (tlb_hw_has_pcid() || nr_pages > TLB_PAGES_SINGLY) {
		return false;
	}
	for (uint64_t i = 0; i < nr_pages; i++) {
		tlb_hw_flush_page(first.va + i * PAGE_SIZE);
	}
	return true;
}

void ktlb_shootdown_sync(va_t first, uint64_t nr_pages)
{
	uint64_t generation = ktlb_downgrade();

	/* single pages only bring this CPU from the generation just before to this one */
	if (!tlb_hw_is_gated() && has_seen(tlb_hw_cpu_id(), generation - 1) &&
	    flush_singly(first, nr_pages)) {
		note_flushed(generation);
	} else {
		flush_all();
	}
	wait_for_others(has_seen, generation);
	tlb_hw_note_complete(generation);
}

void ktlb_split(tlb_word_t *entry, uint64_t table)
{
	tlb_hw_write_entry(entry, table);
	tlb_hw_write(&newest_split, ktlb_downgrade());
}

void ktlb_join(tlb_word_t *entry, uint64_t page) { tlb_hw_write_entry(entry, page); }

void ktlb_settle(void)
{
	uint64_t generation = tlb_hw_read(&newest_split);

	if (generation) {
		ktlb_wait(generation);
	}
}

/* What the variant leaves in TLBs are 4 KiB pages, as without large ones. */
void ktlb_flush_local(va_t first, uint64_t nr_pages)
{
	ktlb_settle();
	if (!flush_singly(first, nr_pages)) {
		flush_all();
	}
	tlb_hw_note_weak_flush();
}

/* Of tlb_cpu.deferred. A debt is looked for at each switch from then on. */
enum { DEFERRED_TO_ANY = 1, DEFERRED_TO_DEBTOR };

static RO_AFTER_INIT uint64_t *(*debts_hook)(void);

void ktlb_set_debts_hook(uint64_t *(*hook)(void)) { debts_hook = hook; }

static uint64_t *debts_of_current(void) { return debts_hook ? debts_hook() : NULL; }

static void defer_to_others(uint64_t to)
{
	for (unsigned id = 0; id < tlb_hw_nr_cpus(); id++) {
		if (id != tlb_hw_cpu_id()) {
			tlb_hw_write(&tlb_hw_cpu(id)->deferred, to);
		}
	}
}

void ktlb_flush_deferred(va_t first, uint64_t nr_pages)
{
	defer_to_others(DEFERRED_TO_ANY);
	ktlb_flush_local(first, nr_pages);
}

void ktlb_flush_owed(va_t first, uint64_t nr_pages)
{
	uint64_t *debts = debts_of_current();

	for (unsigned id = 0; debts && id < tlb_hw_nr_cpus(); id++) {
		if (id != tlb_hw_cpu_id()) {
			debts[id / 64] |= 1ul << id % 64;
		}
	}
	defer_to_others(DEFERRED_TO_DEBTOR);
	ktlb_flush_local(first, nr_pages);
}

/* Does the current thread owe a flush on this CPU? Not any more. */
static bool debt_take(void)
{
	uint64_t *debts = debts_of_current(), bit = 1ul << tlb_hw_cpu_id() % 64;
	uint64_t *word = debts ? &debts[tlb_hw_cpu_id() / 64] : NULL;
	bool owes = word && *word & bit;

	if (owes) {
		*word &= ~bit;
	}
	return owes;
}

void ktlb_context_switch(void)
{
	struct tlb_cpu *cpu = tlb_hw_self();
	bool must_flush = tlb_hw_read(&cpu->deferred) == DEFERRED_TO_DEBTOR
				  ? debt_take()
				  : tlb_hw_exchange(&cpu->deferred, 0);

	if (must_flush) {
		flush_all();
	}
}
