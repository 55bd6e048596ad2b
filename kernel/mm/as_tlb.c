/* Generations of the user half: docs/tlb.md has the argument for each order of steps here. */
#include "mm/as_tlb.h"

#include "lib/assert.h"
#include "mm/asid.h"
#include "mm/tlb.h"
#include "mm/tlb_hw.h"

static tlb_word_t newest_id;

void as_tlb_init(struct as_tlb *tlb, pa_t kernel_root)
{
	*tlb = (struct as_tlb){ .id = tlb_hw_add(&newest_id, 1),
				.root = kernel_root,
				.generation = { 1 } };
}

uint64_t as_tlb_newest_id(void) { return tlb_hw_read(&newest_id); }

void as_tlb_destroy(const struct as_tlb *tlb)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tlb->active); i++) {
		assert(tlb_hw_read(&tlb->active[i]) == 0);
	}
}

enum { NR_ACTIVE_WORDS = ARRAY_SIZE(((struct as_tlb *)0)->active) };

static tlb_word_t *active_word(struct as_tlb *tlb, unsigned id)
{
	return &tlb->active[id / CPUS_PER_WORD];
}

static uint64_t active_bit(unsigned id) { return 1ul << (id % CPUS_PER_WORD); }

/*
 * as_seen belongs to what is loaded: 0 from before the CPU shows up as active until the load is
 * done, so nobody takes the old address space's generation for the new one's. The generation is
 * read after the CPU shows up: a downgrade either finds it active, or is found.
 */
void tlb_switch(struct as_tlb *to)
{
	struct tlb_cpu *cpu = tlb_hw_self();
	struct as_tlb *from = cpu->as;
	unsigned id = tlb_hw_cpu_id();
	uint64_t generation = 0, kernel_generation = ktlb_generation();

	if (to == from) {
		return;
	}
	tlb_hw_write(&cpu->as_seen, 0);
	if (to) {
		tlb_hw_set_bits(active_word(to, id), active_bit(id));
		generation = tlb_hw_read(&to->generation);
	}
	tlb_hw_load_cr3(asid_select(cpu, to, generation), generation);
	if (!tlb_hw_has_pcid()) {
		ktlb_note_flushed(kernel_generation);
	}
	cpu->as = to;
	tlb_hw_write(&cpu->as_seen, generation);
	if (from) {
		tlb_hw_clear_bits(active_word(from, id), active_bit(id));
	}
}

void as_tlb_catch_up(void)
{
	struct tlb_cpu *cpu = tlb_hw_self();
	uint64_t generation;

	if (!cpu->as) {
		return;
	}
	generation = tlb_hw_read(&cpu->as->generation);
	if (asid_generation(cpu) != generation) {
		asid_flush(cpu, generation);
		tlb_hw_write(&cpu->as_seen, generation);
	}
}

/* It left the address space since the downgrade, or flushed. */
static bool cannot_use(struct as_tlb *tlb, unsigned id, uint64_t generation)
{
	return !(tlb_hw_read(active_word(tlb, id)) & active_bit(id)) ||
	       tlb_hw_read(&tlb_hw_cpu(id)->as_seen) >= generation;
}

static void flush_here(struct as_tlb *tlb, struct tlb_batch pages, uint64_t generation)
{
	struct tlb_cpu *cpu = tlb_hw_self();

	if (cpu->as != tlb) {
		return;
	}
	if (asid_flush_pages(cpu, pages, generation)) {
		tlb_hw_write(&cpu->as_seen, generation);
	} else {
		as_tlb_catch_up();
	}
}

/* The CPUs that run it at first; one that starts to later finds the new generation. */
static __attribute__((noinline)) void flush_others(struct as_tlb *tlb, uint64_t generation)
{
	unsigned asked[NR_CPUS_MAX], nr_asked = 0, self = tlb_hw_cpu_id();

	for (unsigned word = 0; word < NR_ACTIVE_WORDS; word++) {
		uint64_t bits = tlb_hw_read(&tlb->active[word]);

		for (; bits; bits &= bits - 1) {
			unsigned id = word * CPUS_PER_WORD + (unsigned)__builtin_ctzl(bits);

			if (id != self && !cannot_use(tlb, id, generation)) {
				asked[nr_asked++] = id;
				tlb_request(id);
			}
		}
	}
	if (nr_asked) {
		tlb_hw_count_round();
	}
	while (nr_asked) {
		if (cannot_use(tlb, asked[nr_asked - 1], generation)) {
			nr_asked--;
		} else {
			tlb_poll();
			tlb_hw_relax();
		}
	}
}

/* Whoever starts to run it after this look finds the new generation. */
static bool others_run(struct as_tlb *tlb)
{
	unsigned self = tlb_hw_cpu_id();
	unsigned nr_words = (tlb_hw_nr_cpus() + CPUS_PER_WORD - 1) / CPUS_PER_WORD;
	uint64_t others = 0;

	for (unsigned word = 0; word < nr_words; word++) {
		uint64_t own = word == self / CPUS_PER_WORD ? active_bit(self) : 0;

		others |= tlb_hw_read(&tlb->active[word]) & ~own;
	}
	return others;
}

void as_tlb_downgrade(struct as_tlb *tlb, uva_t start, uva_t end)
{
	uint64_t generation = tlb_hw_add(&tlb->generation, 1);

	flush_here(tlb, (struct tlb_batch){ start.uva, end.uva }, generation);
	if (UNLIKELY(others_run(tlb))) {
		flush_others(tlb, generation);
	}
	tlb_hw_note_user_flush(tlb->root, start.uva, end.uva);
}

void as_tlb_replace(struct as_tlb *tlb, tlb_word_t *entry, uint64_t value, uva_t start, uva_t end)
{
	tlb_hw_write_entry(entry, 0);
	as_tlb_downgrade(tlb, start, end);
	tlb_hw_write_entry(entry, value);
}

void as_tlb_flush(struct as_tlb *tlb, struct tlb_batch *batch)
{
	struct tlb_batch pages = tlb_batch_take(batch);

	if (!tlb_batch_is_empty(&pages)) {
		as_tlb_downgrade(tlb, (uva_t){ pages.start }, (uva_t){ pages.end });
	}
}

void as_tlb_upgrade(struct as_tlb *tlb, uva_t page)
{
	if (tlb_hw_self()->as == tlb) {
		tlb_hw_flush_page(page.uva);
	}
}
