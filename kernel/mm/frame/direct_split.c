/* Splits and joins the large pages of the direct map, with tables that were reserved for each. */
#include "mm/frame/direct_split.h"

#include "core/cpu.h"
#include "core/lock.h"
#include "lib/assert.h"
#include "mm/frame/boot_alloc.h"
#include "mm/frame/direct_map.h"
#include "mm/gate/gate.h"
#include "mm/table/ptable.h"
#include "mm/table/ram.h"
#include "mm/tlb/ktlb.h"

/* Of large pages in a row, tables in a row. */
struct run {
	uint32_t first_page, nr; /* pages, by number: frame / FRAMES_PER_HUGE */
	uint32_t first_table;    /* a frame number */
};

/* A run ends where memory does, or where what the tables are taken from does. */
enum { RUNS_MAX = MEMORY_RANGES_MAX + BOOT_ALLOC_PIECES_MAX };

static RO_AFTER_INIT struct run runs[RUNS_MAX];
static RO_AFTER_INIT unsigned nr_runs;

/* Guards how many frames hold each page split, and with it whether it is. */
static struct lock lock = LOCK_INIT("direct_map", RANK_direct_map);
static uint64_t nr_split;

void direct_split_reserve(const struct ram *ram)
{
	for (unsigned i = 0; i < ram->nr; i++) {
		uint32_t page = (ram->ranges[i].start + FRAMES_PER_HUGE - 1) / FRAMES_PER_HUGE;
		uint32_t end = ram->ranges[i].end / FRAMES_PER_HUGE;

		while (page < end) {
			uint32_t nr;
			pfn_t table = boot_alloc_tables_of(end - page, &nr);

			assert(nr_runs < RUNS_MAX);
			runs[nr_runs++] = (struct run){ page, nr, table.pfn };
			page += nr;
		}
	}
}

void direct_split_note(void)
{
	for (const struct run *run = runs; run < runs + nr_runs; run++) {
		for (uint32_t i = 0; i < run->nr; i++) {
			pfn_t table = { run->first_table + i };

			tables_place(table, 1, TABLE_RESERVED | 1,
				     (run->first_page + i) * FRAMES_PER_HUGE);
		}
	}
}

void direct_split_count(uint64_t *nr_whole, uint64_t *nr_split_now)
{
	uint64_t nr = 0;

	for (const struct run *run = runs; run < runs + nr_runs; run++) {
		nr += run->nr;
	}
	lock_acquire(&lock);
	*nr_split_now = nr_split;
	*nr_whole = nr - nr_split;
	lock_release(&lock);
}

pfn_t direct_split_table(pfn_t frame)
{
	uint32_t page = frame.pfn / FRAMES_PER_HUGE;

	for (const struct run *run = runs; run < runs + nr_runs; run++) {
		if (page - run->first_page < run->nr) {
			return (pfn_t){ run->first_table + (page - run->first_page) };
		}
	}
	return PFN_NONE;
}

pte_t *direct_split_entry(pfn_t table)
{
	pfn_t first = { direct_split_first(table) };

	return ptable_entry(kernel_root, direct_map_address(first), 2);
}

static tlb_word_t *entry_word(pfn_t table)
{
	return (tlb_word_t *)&direct_split_entry(table)->value;
}

/* With ptprot page tables in the page hold it split, too. */
static bool is_table(pfn_t frame)
{
	return gate_in_force != ptprot_off && frame_entry(frame)->owner == OWNER_PTABLE;
}

static void link(pfn_t table, unsigned nr_held)
{
	frame_held_set(table, nr_held);
	ktlb_split(entry_word(table), pte_make(table, PTE_PRESENT | PTE_WRITABLE).value);
	nr_split++;
	COUNT(direct_splits);
}

/* The table says of each address what the page says, before it takes the page's place. */
static void split(pfn_t table)
{
	pfn_t first = { direct_split_first(table) };
	unsigned nr_guarded = 0;

	assert(lock_is_held(&lock));
	for (uint32_t i = 0, nr; i < PTES_PER_TABLE; i += nr) {
		bool is_guarded = is_table(pfn_add(first, i));

		for (nr = 1;
		     i + nr < PTES_PER_TABLE && !is_guarded && !is_table(pfn_add(first, i + nr));
		     nr++) {}
		pte_fill((pte_t *)direct_map_pointer(table) + i, nr,
			 is_guarded ? gate_guarded_pte(pfn_add(first, i))
				    : direct_map_pte(pfn_add(first, i)));
		nr_guarded += is_guarded;
	}
	link(table, nr_guarded);
}

/* The same, of a page whose frames are all hidden: nothing of it is shown in between. */
static void split_hidden(pfn_t table)
{
	pte_t *entries = direct_map_pointer(table);

	assert(lock_is_held(&lock));
	if (ASSERTIONS) {
		upcall_entry_stricter(&entries->value, false);
	}
	pte_fill(entries, PTES_PER_TABLE, PTE_NONE);
	link(table, PTES_PER_TABLE);
}

static void join(pfn_t table)
{
	pte_t pte = pte_with(direct_map_pte((pfn_t){ direct_split_first(table) }), PTE_HUGE);

	assert(lock_is_held(&lock));
	ktlb_join(entry_word(table), pte.value);
	nr_split--;
	COUNT(direct_joins);
}

/* Of a page that is split, if it is to be. `whole`: as the page has it. True: the frame holds the
 * page split now, and did not, or the other way round. */
static inline bool entry_set(pfn_t table, pte_t *entry, pte_t whole, pte_t pte)
{
	unsigned nr_held = direct_split_nr_held(table);
	bool holds = pte.value != whole.value;
	bool held = (nr_held || holds) && !pte_is_same(pte_read(entry), whole);

	if (holds && !held) {
		frame_held_set(table, nr_held + 1);
	}
	if (holds || held) {
		pte_write(entry, pte);
	}
	if (held && !holds) {
		frame_held_set(table, nr_held - 1);
		if (nr_held == 1) {
			join(table);
		}
	}
	return holds != held;
}

/* All of them hold the page split now, and none did, or the other way round: at once. False: they
 * are not all alike, and nothing was done. */
static bool run_set(pfn_t table, pte_t *entry, uint32_t nr, pte_t whole, pte_t pte)
{
	unsigned nr_held = direct_split_nr_held(table), nr_here = 0;
	bool holds = pte.value != whole.value;

	for (uint32_t i = 0; nr_held && i < nr; i++) {
		nr_here +=
			!pte_is_same(pte_read(&entry[i]), (pte_t){ whole.value + i * PAGE_SIZE });
	}
	if (nr_here != (holds ? 0 : nr)) {
		return false;
	}
	if (ASSERTIONS && pte_is_stricter(pte_read(entry), pte)) {
		upcall_entry_stricter(&entry->value, false);
	}
	pte_fill(entry, nr, pte);
	frame_held_set(table, holds ? nr_held + nr : nr_held - nr);
	if (!holds && nr_held == nr) {
		join(table);
	}
	return true;
}

uint32_t direct_split_write(pfn_t table, pfn_t first, uint32_t nr, pte_t pte)
{
	pte_t *entry = (pte_t *)direct_map_pointer(table) + first.pfn % FRAMES_PER_HUGE;
	uint64_t step = pte_is_present(pte) ? PAGE_SIZE : 0;
	pte_t whole = direct_map_pte(first);
	uint32_t nr_changed = 0;

	lock_acquire(&lock);
	if (nr == PTES_PER_TABLE && !pte_is_present(pte) && !direct_split_nr_held(table)) {
		split_hidden(table);
		lock_release(&lock);
		return nr;
	}
	if (pte.value != whole.value && !direct_split_nr_held(table)) {
		split(table);
	}
	nr_changed = run_set(table, entry, nr, whole, pte) ? nr : 0;
	for (uint32_t i = nr_changed; i < nr; i++) {
		nr_changed += entry_set(table, entry++, whole, pte);
		whole.value += PAGE_SIZE;
		pte.value += step;
	}
	lock_release(&lock);
	return nr_changed;
}
