/* The switch from one user half to another, and who waits for whom when entries of one became
 * stricter: docs/tlb.md has the argument for each order of steps here. */
#include "mm/tlb/as_tlb.h"

#include "lib/assert.h"
#include "mm/tlb/tlb.h"
#include "mm/tlb/tlb_hw.h"
#include "mm/tlb/user_half.h"

void as_tlb_init(struct as_tlb *tlb, pa_t kernel_root)
{
	*tlb = (struct as_tlb){ .root = kernel_root };
}

static uint32_t root_of(const struct as_tlb *tlb) { return pa_to_pfn(tlb->root).pfn; }

bool as_tlb_is_in_use(const struct as_tlb *tlb)
{
	return half_root(tlb_hw_read(&tlb_hw_current()->roots)) == root_of(tlb);
}

void as_tlb_destroy(const struct as_tlb *tlb)
{
	for (unsigned id = 0; ASSERTIONS && id < tlb_hw_nr_cpus(); id++) {
		uint64_t roots = tlb_hw_read(&tlb_hw_current_of(id)->roots);

		assert(half_root(roots) != root_of(tlb) && half_left(roots) != root_of(tlb));
	}
}

void tlb_switch(struct as_tlb *to) { tlb_hw_switch(to); }

void tlb_switched(unsigned did) { tlb_hw_note_load(did); }

uint32_t tlb_slot(void) { return tlb_hw_current()->slot; }

void as_tlb_settle(void) { tlb_hw_settle(); }

/* Of the root that was left: loading the other is enough. While booting, too. */
void as_tlb_catch_up(void)
{
	const struct current *current = tlb_hw_current_of(tlb_hw_cpu_id());
	uint64_t roots = tlb_hw_read(&current->roots);

	if (half_left(roots) ||
	    (half_root(roots) != tlb_hw_boot_root() &&
	     half_lags(current, half_root(roots), tlb_hw_generation(half_root(roots))))) {
		as_tlb_settle();
	}
}

/* The CPUs that use it at first; one that begins to later finds the new generation. */
static __attribute__((noinline)) void flush_others(uint32_t root, uint32_t generation)
{
	unsigned asked[NR_CPUS_MAX], nr_asked = 0, self = tlb_hw_cpu_id();

	for (unsigned id = 0; id < tlb_hw_nr_cpus(); id++) {
		if (id != self && half_lags(tlb_hw_current_of(id), root, generation)) {
			asked[nr_asked++] = id;
			tlb_request(id);
		}
	}
	if (nr_asked) {
		tlb_hw_count_round();
	}
	while (nr_asked) {
		if (!half_lags(tlb_hw_current_of(asked[nr_asked - 1]), root, generation)) {
			nr_asked--;
		} else {
			tlb_poll();
			tlb_hw_relax();
		}
	}
}

void as_tlb_wait(uint32_t root)
{
	uint32_t generation = tlb_hw_generation(root);

	if (half_lags(tlb_hw_current(), root, generation)) {
		as_tlb_catch_up();
	}
	tlb_hw_note_user_generation(root);
	if (UNLIKELY(!half_is_complete(root))) {
		flush_others(root, generation);
	}
}

void as_tlb_downgrade(struct as_tlb *tlb, uva_t start, uva_t end)
{
	/* with ptprot the operation that made the entries stricter has done this */
	if (!tlb_hw_is_gated()) {
		half_raise(root_of(tlb));
		(void)half_flush_pages(tlb_hw_own_current(), root_of(tlb),
				       (struct tlb_batch){ start.uva, end.uva });
	}
	as_tlb_wait(root_of(tlb));
	tlb_hw_note_user_flush(tlb->root, start.uva, end.uva);
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
	if (as_tlb_is_in_use(tlb)) {
		tlb_hw_flush_page(page.uva);
	}
}
