/* Generations of the user half, and the switch from one to another: docs/tlb.md has the argument
 * for each order of steps here. */
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

/* Unless this CPU uses it, or may have its root loaded still. */
static __attribute__((noinline)) void forget(const struct tlb_cpu *cpu, struct as_tlb *tlb)
{
	if (tlb && tlb != cpu->as && tlb != cpu->left) {
		tlb_hw_clear_bits(active_word(tlb, tlb_hw_cpu_id()), active_bit(tlb_hw_cpu_id()));
	}
}

/* Of the two that it can be. */
static inline struct as_tlb *loaded_here(const struct tlb_cpu *cpu)
{
	return !cpu->left || cr3_root(cr3_read()).pa == cpu->as->root.pa ? cpu->as : cpu->left;
}

/* Of the user half, read after the CPU shows up as active: a downgrade either finds it active, or
 * is found. */
static inline uint64_t show_up(const struct tlb_cpu *cpu, struct as_tlb *to)
{
	unsigned id = tlb_hw_cpu_id();

	if (UNLIKELY(to != cpu->left)) {
		tlb_hw_set_bits(active_word(to, id), active_bit(id));
	}
	return tlb_hw_read(&to->generation);
}

/*
 * Whose root stays loaded; NULL: the new one is loaded. The kernel half is the same in all roots,
 * and the way out loads the new shadow root; the next way in makes its kernel root of that. So
 * another root may stay until user memory is asked for (as_tlb_settle). Not where the way out loads
 * nothing, nor where the kernel's PCID would have to be flushed first: the next way in keeps what
 * it holds.
 */
static inline struct as_tlb *stays_loaded(const struct tlb_cpu *cpu, const struct as_tlb *to,
					  unsigned how)
{
	struct as_tlb *loaded = loaded_here(cpu);

	return LIKELY(to && loaded != to && !(how & SWITCH_FLUSH) && tlb_hw_exit_loads()) ? loaded
											  : NULL;
}

/* The new root is loaded. What is left shows up until it has left CR3, as a processor may walk by
 * it. */
static __attribute__((noinline)) uint64_t load(struct tlb_cpu *cpu, struct as_tlb *from,
					       struct stack_change stacks, unsigned how,
					       uint64_t generation)
{
	uint64_t kernel_generation = ktlb_generation();
	uint64_t rsp = tlb_hw_switch(cpu->as, stacks, how, generation);
	struct as_tlb *left = cpu->left;

	if (how & SWITCH_FLUSH) {
		asid_raise(cpu, generation);
	}
	if (!tlb_hw_has_pcid()) {
		ktlb_note_flushed(kernel_generation);
	}
	cpu->left = NULL;
	forget(cpu, from);
	forget(cpu, left);
	return rsp;
}

static __attribute__((noinline)) uint64_t
forget_and_switch(struct as_tlb *tlb, struct stack_change stacks, unsigned how, uint64_t generation)
{
	struct tlb_cpu *cpu = tlb_hw_self();

	forget(cpu, tlb);
	return tlb_hw_switch(cpu->as, stacks, how, generation);
}

static inline uint64_t switch_with(struct as_tlb *to, struct stack_change stacks, unsigned how,
				   uint64_t generation)
{
	struct tlb_cpu *cpu = tlb_hw_self();
	struct as_tlb *from = cpu->as, *stays = stays_loaded(cpu, to, how), *not_loaded;

	cpu->as = to;
	if (UNLIKELY(!stays)) {
		return load(cpu, from, stacks, how, generation);
	}
	not_loaded = LIKELY(stays == from) ? cpu->left : from;
	cpu->left = stays;
	if (UNLIKELY(not_loaded != to)) {
		return forget_and_switch(not_loaded, stacks, how | SWITCH_LATER, generation);
	}
	return tlb_hw_switch(to, stacks, how | SWITCH_LATER, generation);
}

static __attribute__((noinline)) uint64_t
switch_slowly(struct as_tlb *to, struct stack_change stacks, uint64_t generation)
{
	struct tlb_cpu *cpu = tlb_hw_self();

	return switch_with(to, stacks, to ? asid_select(cpu, to, generation) : cpu->slot,
			   generation);
}

uint64_t tlb_switch(struct as_tlb *to, struct stack_change stacks)
{
	struct tlb_cpu *cpu = tlb_hw_self();
	uint64_t generation;

	if (UNLIKELY(to == cpu->as)) {
		return tlb_hw_switch(to, stacks, cpu->slot | SWITCH_LATER,
				     to ? asid_generation(cpu) : 0);
	}
	if (UNLIKELY(!to)) {
		return switch_slowly(NULL, stacks, 0);
	}
	generation = show_up(cpu, to);
	if (UNLIKELY(!asid_keep(cpu, to, generation))) {
		return switch_slowly(to, stacks, generation);
	}
	return switch_with(to, stacks, cpu->slot, generation);
}

void as_tlb_settle(void)
{
	struct tlb_cpu *cpu = tlb_hw_self();
	struct as_tlb *left = cpu->left;

	tlb_hw_settle(cpu->slot, asid_generation(cpu));
	cpu->left = NULL;
	forget(cpu, left);
}

static void settle_if_left(const struct tlb_cpu *cpu)
{
	if (cpu->left) {
		as_tlb_settle();
	}
}

void as_tlb_catch_up(void)
{
	struct tlb_cpu *cpu = tlb_hw_self();
	uint64_t generation;

	if (!cpu->as) {
		return;
	}
	settle_if_left(cpu);
	generation = tlb_hw_read(&cpu->as->generation);
	if (asid_generation(cpu) != generation) {
		asid_flush(cpu, generation);
	}
}

/* It left the address space since the downgrade, or flushed. */
static bool cannot_use(struct as_tlb *tlb, unsigned id, uint64_t generation)
{
	return !(tlb_hw_read(active_word(tlb, id)) & active_bit(id)) ||
	       asid_has_seen(tlb_hw_cpu(id), tlb, generation);
}

static void flush_here(struct as_tlb *tlb, struct tlb_batch pages, uint64_t generation)
{
	struct tlb_cpu *cpu = tlb_hw_self();

	if (cpu->as != tlb && cpu->left != tlb) {
		return;
	}
	settle_if_left(cpu);
	if (cpu->as != tlb) {
		return;
	}
	if (!asid_flush_pages(cpu, pages, generation)) {
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
