/* Walks and grows page tables. */
#include "mm/ptable.h"

#include "core/cpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/stock.h"
#include "mm/tlb_debt.h"

enum { ROOT_PAIR_ORDER = 1 };

RO_AFTER_INIT pfn_t kernel_root;
uint64_t ptable_user_slot_flags;

/* The one entry that the kernel half of shadow roots has. */
static RO_AFTER_INIT pte_t shadow_entry;
static RO_AFTER_INIT unsigned shadow_index;

void ptable_shadow_init(pfn_t shadow_template, uint64_t address)
{
	shadow_index = level_index(address, LEVEL_MAX);
	shadow_entry = *((pte_t *)direct_map_pointer(shadow_template) + shadow_index);
}

static pte_t *slot(pfn_t table, uint64_t address, unsigned level)
{
	return (pte_t *)direct_map_pointer(table) + level_index(address, level);
}

pte_t *ptable_entry(pfn_t root, uint64_t address, unsigned level)
{
	pte_t *entry = slot(root, address, LEVEL_MAX);

	for (unsigned at = LEVEL_MAX; at > level; at--) {
		pte_t pte = pte_read(entry);

		if (!pte_is_present(pte) || pte_is_leaf(pte, at)) {
			return NULL;
		}
		entry = slot(pte_frame(pte), address, at - 1);
	}
	return entry;
}

/*
 * A top-level entry of a user half, in both roots of the pair. `entry` is the kernel root's. It
 * gets stricter in roots that no CPU has loaded, and at kaiser_switch, which flushes everything.
 */
static void user_slot_write(pte_t *entry, pte_t pte)
{
	pte_store(entry + PTES_PER_TABLE, pte);
	pte_store(entry, pte_is_present(pte) ? pte_with(pte, ptable_user_slot_flags) : pte);
}

void ptable_user_slots_update(pfn_t root)
{
	pte_t *entries = direct_map_pointer(root);

	for (unsigned i = 0; i < PTES_PER_TABLE / 2; i++) {
		user_slot_write(&entries[i], entries[PTES_PER_TABLE + i]);
	}
}

/* An entry that points to a table, of any level. */
static void table_entry_write(pte_t *entry, unsigned level, uint64_t address, pte_t pte)
{
	if (level == LEVEL_MAX && address < USER_TOP) {
		user_slot_write(entry, pte);
	} else {
		pte_write(entry, pte);
	}
}

/*
 * Tables that were emptied are kept, ready, in a small stock per CPU: neither they nor root pairs,
 * whose kernel half never changes, need to be filled again.
 */
static status_t table_alloc(pfn_t *out)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->nr_spare_tables || !frame_kernel_is_allowed()) {
		return frame_alloc_zeroed(OWNER_PTABLE, 0, out);
	}
	if (allocation_should_fail()) {
		return STATUS_ENOMEM;
	}
	return stock_take(cpu->spare_tables, &cpu->nr_spare_tables, out)
		       ? STATUS_OK
		       : frame_alloc_zeroed(OWNER_PTABLE, 0, out);
}

static bool is_empty(pfn_t table, unsigned nr_entries)
{
	const pte_t *entries = direct_map_pointer(table);

	for (unsigned i = 0; i < nr_entries; i++) {
		if (entries[i].value) {
			return false;
		}
	}
	return true;
}

static void table_free(pfn_t table)
{
	struct cpu *cpu = this_cpu();

	assert(is_empty(table, PTES_PER_TABLE));
	tlb_debt_assert_none();
	if (cpu->nr_spare_tables < SPARE_TABLES_MAX) {
		stock_put(cpu->spare_tables, &cpu->nr_spare_tables, table);
	} else {
		frame_free_kernel(table, 0);
	}
}

status_t ptable_root_create(pfn_t *root)
{
	struct cpu *cpu = this_cpu();
	status_t status;
	pte_t *pair;

	if (cpu->nr_spare_roots && frame_kernel_is_allowed()) {
		if (allocation_should_fail()) {
			return STATUS_ENOMEM;
		}
		if (stock_take(cpu->spare_roots, &cpu->nr_spare_roots, root)) {
			return STATUS_OK;
		}
	}
	status = frame_alloc_zeroed(OWNER_PTABLE, ROOT_PAIR_ORDER, root);
	if (status == STATUS_OK) {
		pair = direct_map_pointer(*root);
		memcpy(pair + PTES_PER_TABLE / 2,
		       (const pte_t *)direct_map_pointer(kernel_root) + PTES_PER_TABLE / 2,
		       PAGE_SIZE / 2);
		pair[PTES_PER_TABLE + shadow_index] = shadow_entry;
	}
	return status;
}

void ptable_root_destroy(pfn_t root)
{
	struct cpu *cpu = this_cpu();

	assert(is_empty(root, PTES_PER_TABLE / 2));
	if (cpu->nr_spare_roots < SPARE_ROOTS_MAX) {
		stock_put(cpu->spare_roots, &cpu->nr_spare_roots, root);
	} else {
		frame_free_kernel(root, ROOT_PAIR_ORDER);
	}
}

status_t ptable_entry_create(pfn_t root, uint64_t address, unsigned level, pte_t **out)
{
	uint64_t flags = PTE_PRESENT | PTE_WRITABLE | (address < USER_TOP ? PTE_USER : 0);
	pte_t *entry = slot(root, address, LEVEL_MAX);

	for (unsigned at = LEVEL_MAX; at > level; at--) {
		if (!pte_is_present(pte_read(entry))) {
			pfn_t table;
			status_t status = table_alloc(&table);

			if (status) {
				return status;
			}
			frame_entry(table)->number = root.pfn;
			table_entry_write(entry, at, address, pte_make(table, flags));
		}
		assert(!pte_is_leaf(pte_read(entry), at));
		entry = slot(pte_frame(pte_read(entry)), address, at - 1);
	}
	*out = entry;
	return STATUS_OK;
}

pte_t ptable_lookup(pfn_t root, uint64_t address, unsigned *level)
{
	pfn_t table = root;
	unsigned at = LEVEL_MAX;
	pte_t pte = pte_read(slot(table, address, at));

	while (pte_is_present(pte) && !pte_is_leaf(pte, at)) {
		table = pte_frame(pte);
		at--;
		pte = pte_read(slot(table, address, at));
	}
	if (level) {
		*level = at;
	}
	return pte;
}

uint64_t ptable_skip(pfn_t root, uint64_t address)
{
	unsigned level;

	(void)ptable_lookup(root, address, &level);
	return align_down(address, 1ul << level_shift(level)) + (1ul << level_shift(level));
}

status_t ptable_map_kernel(uint64_t address, pfn_t frame, uint64_t flags)
{
	pte_t *entry;
	status_t status = ptable_entry_create(kernel_root, address, 1, &entry);

	if (status) {
		return status;
	}
	assert(!pte_is_present(pte_read(entry)));
	pte_write(entry, pte_make(frame, flags | PTE_PRESENT));
	return STATUS_OK;
}

bool ptable_detach(pfn_t root, uint64_t address, pfn_t *table)
{
	pte_t *entry = ptable_entry(root, address, 2);
	pte_t pte = entry ? pte_read(entry) : PTE_NONE;

	if (!pte_is_present(pte) || pte_is_leaf(pte, 2) ||
	    !is_empty(pte_frame(pte), PTES_PER_TABLE)) {
		return false;
	}
	pte_write(entry, PTE_NONE);
	*table = pte_frame(pte);
	return true;
}

void ptable_table_free(pfn_t table) { table_free(table); }

/* Freeing a table takes as long as looking at so many entries, one by one; looking at a whole one,
 * too. */
enum { WORK_FREE = ASSERTIONS ? 384 : 64 };

uint64_t ptable_free_below(pfn_t root, uint64_t start, uint64_t end, unsigned level,
			   unsigned *nr_left)
{
	uint64_t step = 1ul << level_shift(level), at;

	for (at = align_down(start, step); at < end; at += step) {
		pte_t *entry = ptable_entry(root, at, level), pte;

		if (*nr_left < WORK_FREE) {
			break;
		}
		--*nr_left;
		if (!entry) {
			/* no table: on to what the next one would cover */
			at = align_down(at, step << 9) + (step << 9) - step;
			continue;
		}
		pte = pte_read(entry);
		if (pte_is_present(pte)) {
			assert(!pte_is_leaf(pte, level));
			if (level == LEVEL_MAX) {
				user_slot_write(entry, PTE_NONE);
			} else {
				pte_store(entry, PTE_NONE);
			}
			table_free(pte_frame(pte));
			*nr_left -= WORK_FREE - 1;
		}
	}
	return at;
}

/* Empties the table before it is freed. False: that was all that there was time for. */
static bool free_table(pfn_t table, unsigned level, unsigned *nr_left)
{
	pte_t *entries = direct_map_pointer(table);

	for (unsigned i = 0; level > 1 && i < PTES_PER_TABLE; i++) {
		if (pte_is_present(entries[i])) {
			assert(!pte_is_leaf(entries[i], level));
			if (!free_table(pte_frame(entries[i]), level - 1, nr_left)) {
				return false;
			}
			pte_store(&entries[i], PTE_NONE);
		}
	}
	if (*nr_left < WORK_FREE) {
		return false;
	}
	*nr_left -= WORK_FREE;
	table_free(table);
	return true;
}

bool ptable_free_user(pfn_t root, unsigned *nr_left)
{
	pte_t *entries = direct_map_pointer(root);

	for (unsigned i = 0; i < PTES_PER_TABLE / 2; i++) {
		if (pte_is_present(entries[i])) {
			if (!free_table(pte_frame(entries[i]), LEVEL_MAX - 1, nr_left)) {
				return false;
			}
			user_slot_write(&entries[i], PTE_NONE);
		}
	}
	return true;
}
