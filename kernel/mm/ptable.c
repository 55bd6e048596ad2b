/* Walks and grows page tables. */
#include "mm/ptable.h"

#include "arch/x86_64/features.h"
#include "lib/assert.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"

RO_AFTER_INIT pfn_t kernel_root;

uint64_t ptable_nx(void) { return cpu_features.nx ? PTE_NO_EXECUTE : 0; }

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

status_t ptable_entry_create(pfn_t root, uint64_t address, unsigned level, pte_t **out)
{
	uint64_t flags = PTE_PRESENT | PTE_WRITABLE | (address < USER_TOP ? PTE_USER : 0);
	pte_t *entry = slot(root, address, LEVEL_MAX);

	for (unsigned at = LEVEL_MAX; at > level; at--) {
		if (!pte_is_present(pte_read(entry))) {
			pfn_t table;
			status_t status = frame_alloc_zeroed(OWNER_PTABLE, 0, &table);

			if (status) {
				return status;
			}
			pte_write(entry, pte_make(table, flags));
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

static void free_table(pfn_t table, unsigned level)
{
	const pte_t *entries = direct_map_pointer(table);

	for (unsigned i = 0; level > 1 && i < PTES_PER_TABLE; i++) {
		if (pte_is_present(entries[i])) {
			assert(!pte_is_leaf(entries[i], level));
			free_table(pte_frame(entries[i]), level - 1);
		}
	}
	frame_free_kernel(table, 0);
}

void ptable_free_user(pfn_t root)
{
	pte_t *entries = direct_map_pointer(root);

	for (unsigned i = 0; i < PTES_PER_TABLE / 2; i++) {
		if (pte_is_present(entries[i])) {
			free_table(pte_frame(entries[i]), LEVEL_MAX - 1);
			entries[i] = PTE_NONE;
		}
	}
}
