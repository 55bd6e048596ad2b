/* Walks without trust: each entry is read with a way out, where the frame table says there is RAM.
 */
#include "mm/table/ptable_walk.h"

#include "arch/x86_64/entry/probe.h"
#include "mm/frame/frame.h"
#include "mm/table/layout.h"

void ptable_walk(pfn_t root, uint64_t address, struct ptable_walk *out)
{
	pfn_t table = root;

	*out = (struct ptable_walk){ 0 };
	if (!address_is_canonical(address)) {
		return;
	}
	for (unsigned level = LEVEL_MAX; level > 0 && pfn_is_valid(table); level--) {
		uint64_t at = direct_map_base + pfn_to_pa(table).pa +
			      level_index(address, level) * sizeof(pte_t);
		pte_t *entry = &out->entries[level];

		if (!probe_read(at, &entry->value)) {
			return;
		}
		out->last = level;
		if (!pte_is_present(*entry) || pte_is_leaf(*entry, level)) {
			out->is_mapped = pte_is_present(*entry);
			return;
		}
		table = pte_frame(*entry);
	}
}

bool walk_entry_gives(pte_t entry, enum walk_right right)
{
	switch (right) {
	case WALK_WRITE: return pte_is_writable(entry);
	case WALK_EXECUTE: return pte_is_executable(entry);
	default: return pte_is_user(entry);
	}
}

unsigned ptable_walk_stop(const struct ptable_walk *walk, enum walk_right right)
{
	for (unsigned level = LEVEL_MAX; walk->last && level >= walk->last; level--) {
		if (pte_is_present(walk->entries[level]) &&
		    !walk_entry_gives(walk->entries[level], right)) {
			return level;
		}
	}
	return 0;
}

pfn_t ptable_walk_frame(const struct ptable_walk *walk, uint64_t address)
{
	uint64_t offset;

	if (!walk->is_mapped) {
		return PFN_NONE;
	}
	offset = address & ((1ul << level_shift(walk->last)) - 1);
	return pfn_add(pte_frame(walk->entries[walk->last]), (uint32_t)(offset >> PAGE_SHIFT));
}
