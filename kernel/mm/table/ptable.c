/* Walks and grows page tables. */
#include "mm/table/ptable.h"

#include "core/cpu.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/stock.h"
#include "mm/gate/gate.h"
#include "mm/tlb/tlb.h"
#include "mm/tlb/tlb_debt.h"

enum { ROOT_PAIR_ORDER = 1 };

RO_AFTER_INIT pfn_t kernel_root;
uint64_t ptable_user_slot_flags;

/* The one entry that the kernel half of shadow roots has. */
RO_AFTER_INIT pte_t ptable_shadow_entry;
RO_AFTER_INIT unsigned ptable_shadow_index;

void ptable_shadow_init(pfn_t shadow_template, uint64_t address)
{
	ptable_shadow_index = level_index(address, LEVEL_MAX);
	ptable_shadow_entry = *((pte_t *)direct_map_pointer(shadow_template) + ptable_shadow_index);
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

void ptable_user_slots_update(pfn_t root)
{
	pte_t *entries = direct_map_pointer(root);

	for (unsigned i = 0; i < PTES_PER_TABLE / 2; i++) {
		pte_store(&entries[i], entries[PTES_PER_TABLE + i]);
	}
}

/* Nobody else writes to them any more when this returns, and they are zero. Flushes. */
static void tables_settle(pfn_t first, unsigned nr)
{
	while (!tables_clear(first, nr)) {
		ktlb_wait(ktlb_downgrade());
	}
}

/*
 * Frames that become page tables, zeroed: from now on the gate alone writes to them. Flushes, with
 * ptprot.
 */
static status_t tables_make(unsigned order, pfn_t *out)
{
	status_t status;

	if (gate_in_force == ptprot_off) {
		return frame_alloc_zeroed(OWNER_PTABLE, order, out);
	}
	status = frame_alloc_kernel(OWNER_PTABLE, order, out);
	if (status) {
		return status;
	}
	for (uint32_t i = 0; i < 1u << order; i++) {
		direct_map_guard(pfn_add(*out, i));
	}
	tables_settle(*out, 1u << order);
	return STATUS_OK;
}

/* One, and some more for the stock, as they share the flush. */
static status_t table_make(struct cpu *cpu, pfn_t *out)
{
	enum { BATCH_ORDER = 2 };

	if (gate_in_force == ptprot_off || cpu->nr_spare_tables || tables_make(BATCH_ORDER, out)) {
		return tables_make(0, out);
	}
	for (uint32_t i = 1; i < 1u << BATCH_ORDER; i++) {
		if (cpu->nr_spare_tables < SPARE_TABLES_MAX) {
			stock_put(cpu->spare_tables, &cpu->nr_spare_tables, pfn_add(*out, i));
		} else {
			frame_free_kernel(pfn_add(*out, i), 0);
		}
	}
	return STATUS_OK;
}

/*
 * Tables that were emptied are kept, ready, in a small stock per CPU: neither they nor root pairs,
 * whose kernel half never changes, need to be filled again.
 */
static bool is_loose(pfn_t table)
{
	return pfn_is_valid(table) && table_is_loose(frame_entry(table)) &&
	       frame_entry(table)->number != FRAME_SETTLING;
}

/* From this CPU's stock, where a lie is passed over. */
static bool spare_take(struct cpu *cpu, pfn_t *out)
{
	while (stock_take(cpu->spare_tables, &cpu->nr_spare_tables, out)) {
		if (!is_loose(*out)) {
			continue;
		}
		if (gate_in_force != ptprot_off && frame_entry(*out)->flags != TABLE_CLEAN) {
			tables_settle(*out, 1); /* of before the gate */
		}
		return true;
	}
	return false;
}

static status_t table_alloc(pfn_t *out)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->nr_spare_tables || !frame_kernel_is_allowed()) {
		return table_make(cpu, out);
	}
	if (allocation_should_fail()) {
		return STATUS_ENOMEM;
	}
	return spare_take(cpu, out) ? STATUS_OK : table_make(cpu, out);
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
	/* another CPU may walk it still: what is in a stock may have a place, or go, at once */
	if (gate_in_force != ptprot_off && frame_entry(table)->number) {
		ktlb_wait(ktlb_downgrade());
	}
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

	if (cpu->nr_spare_roots && frame_kernel_is_allowed()) {
		if (allocation_should_fail()) {
			return STATUS_ENOMEM;
		}
		while (stock_take(cpu->spare_roots, &cpu->nr_spare_roots, root)) {
			if (root_take(*root)) {
				return STATUS_OK;
			}
		}
	}
	status = tables_make(ROOT_PAIR_ORDER, root);
	if (status == STATUS_OK && !root_pair_make(*root)) {
		frame_free_kernel(*root, ROOT_PAIR_ORDER);
		status = STATUS_ENOMEM;
	}
	return status;
}

void ptable_root_destroy(pfn_t root)
{
	struct cpu *cpu = this_cpu();

	assert(is_empty(root, PTES_PER_TABLE / 2));
	if (!root_rest(root)) {
		panic("root %#x, whose address space is no more, is in use", root.pfn);
	}
	if (cpu->nr_spare_roots < SPARE_ROOTS_MAX) {
		stock_put(cpu->spare_roots, &cpu->nr_spare_roots, root);
	} else {
		root_pair_end(root);
		frame_free_kernel(root, ROOT_PAIR_ORDER);
	}
}

status_t ptable_entry_create(pfn_t root, uint64_t address, unsigned level, pte_t **out)
{
	pte_t *entry = slot(root, address, LEVEL_MAX);

	for (unsigned at = LEVEL_MAX; at > level; at--) {
		if (!pte_is_present(pte_read(entry))) {
			pfn_t table;
			status_t status = table_alloc(&table);

			if (status) {
				return status;
			}
			if (!table_link(entry, table, address < USER_TOP)) {
				table_free(table);
				return STATUS_EFAULT;
			}
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
	if (ASSERTIONS) {
		upcall_entry_stricter(&entry->value, false);
	}
	*table = pte_frame(pte);
	return table_unlink(entry);
}

void ptable_table_free(pfn_t table) { table_free(table); }

/* Freeing a table takes as long as looking at so many entries, one by one; looking at a whole one,
 * too. */
enum { WORK_FREE = ASSERTIONS ? 384 : 64 };

/* Frees the tables below the first nr entries of a table. False: that was all that there was time
 * for. */
static bool free_tables(pfn_t table, unsigned level, unsigned nr, unsigned *nr_left)
{
	pte_t *entries = direct_map_pointer(table);

	for (unsigned i = 0; level > 1 && i < nr; i++) {
		pte_t pte = pte_read(&entries[i]);

		if (!pte_is_present(pte)) {
			continue;
		}
		assert(!pte_is_leaf(pte, level));
		if (!free_tables(pte_frame(pte), level - 1, PTES_PER_TABLE, nr_left) ||
		    *nr_left < WORK_FREE) {
			return false;
		}
		*nr_left -= WORK_FREE;
		if (table_unlink(&entries[i])) {
			table_free(pte_frame(pte));
		}
	}
	return true;
}

bool ptable_free_user(pfn_t root, unsigned *nr_left)
{
	return free_tables(root, LEVEL_MAX, PTES_PER_TABLE / 2, nr_left);
}
