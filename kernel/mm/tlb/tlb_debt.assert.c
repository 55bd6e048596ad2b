/* Which entries this CPU made stricter, and who has paid for them. */
#include "mm/tlb/tlb_debt.h"

#include "arch/x86_64/entry/upcall.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame.h"
#include "mm/frame/window.h"
#include "mm/table/layout.h"

/* User entries beyond these are counted alone. */
enum { ENTRIES_MAX = 64 };

/* By CPU. */
static const pte_t *entries[NR_CPUS_MAX][ENTRIES_MAX];

/* The latest generation that some CPU found complete; only rises. */
static uint64_t newest_complete;

void upcall_entry_stricter(const uint64_t *slot, bool is_user)
{
	struct cpu *cpu = this_cpu();

	if (!is_user) {
		cpu->owed.nr_kernel++;
		return;
	}
	if (cpu->owed.nr_user < ENTRIES_MAX) {
		entries[cpu->id][cpu->owed.nr_user] = (const pte_t *)slot;
	}
	cpu->owed.nr_user++;
}

void tlb_debt_downgraded(uint64_t generation)
{
	struct tlb_owed *owed = &this_cpu()->owed;

	if (owed->nr_kernel) {
		owed->nr_kernel = 0;
		owed->generation = generation;
	}
}

void tlb_debt_hand_over(uint64_t generation)
{
	struct tlb_owed *owed = &this_cpu()->owed;

	if (owed->generation <= generation) {
		owed->generation = 0;
	}
}

void tlb_debt_completed(uint64_t generation)
{
	uint64_t before = __atomic_load_n(&newest_complete, __ATOMIC_RELAXED);

	/* pairs with the load in tlb_debt_is_completed: a claim is visible before what it permits
	 */
	while (before < generation &&
	       !__atomic_compare_exchange_n(&newest_complete, &before, generation, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {}
	tlb_debt_hand_over(generation);
}

bool tlb_debt_is_completed(uint64_t generation)
{
	return __atomic_load_n(&newest_complete, __ATOMIC_ACQUIRE) >= generation;
}

void tlb_debt_waive(void)
{
	this_cpu()->owed.nr_kernel = 0;
	this_cpu()->owed.generation = 0;
}

/* Is it an entry of this address space, and one of the pages that it may lead to in the range? The
 * address of an entry is known up to the size of its table. */
static bool is_covered(const pte_t *entry, pa_t root, uint64_t start, uint64_t end)
{
	pfn_t table = pointer_to_pfn(entry);
	uint64_t index = (uint64_t)entry / sizeof(*entry) % PTES_PER_TABLE;
	uint64_t first = start >> PAGE_SHIFT, nr = (end - start) >> PAGE_SHIFT;

	return frame_entry(table)->number == pa_to_pfn(root).pfn &&
	       (nr >= PTES_PER_TABLE || (index - first) % PTES_PER_TABLE < nr);
}

void tlb_debt_user_flushed(pa_t root, uint64_t start, uint64_t end)
{
	struct cpu *cpu = this_cpu();

	for (unsigned i = 0; i < MIN(cpu->owed.nr_user, (unsigned)ENTRIES_MAX); i++) {
		assert(is_covered(entries[cpu->id][i], root, start, end));
	}
	cpu->owed.nr_user = 0;
}

/* The window's entries are cleared and flushed one by one. */
void tlb_debt_page_flushed(uint64_t address)
{
	struct cpu *cpu = this_cpu();

	if (cpu->window_is_open && cpu->owed.nr_kernel && address >= WINDOW_BASE &&
	    address < WINDOW_BASE + WINDOW_PAGES * PAGE_SIZE) {
		cpu->owed.nr_kernel--;
	}
}
