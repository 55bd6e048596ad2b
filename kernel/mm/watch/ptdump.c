/* Walks a root and joins neighbouring pages into ranges. */
#include "mm/watch/ptdump.h"

#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"

enum { LOOKUPS_PER_PIECE = 128 };

/* What an address leads to; the page starts at or before it. */
struct page {
	bool is_mapped;
	uint64_t end; /* of the page, or of what the entry that is not present stands for */
	pfn_t frame;  /* the page's first */
	uint32_t rights;
};

static uint64_t end_of(uint64_t address, unsigned level)
{
	return align_down(address, 1ul << level_shift(level)) + (1ul << level_shift(level));
}

static struct page look_up(pfn_t root, uint64_t address)
{
	uint32_t rights = BW_RANGE_WRITE | BW_RANGE_EXECUTE | BW_RANGE_USER;
	pfn_t table = root;

	for (unsigned level = LEVEL_MAX;; level--) {
		const pte_t *entries = direct_map_pointer(table);
		pte_t pte = pte_read(&entries[level_index(address, level)]);

		if (!pte_is_present(pte)) {
			return (struct page){ .end = end_of(address, level) };
		}
		rights &= (pte_is_writable(pte) ? BW_RANGE_WRITE : 0) |
			  (pte_is_executable(pte) ? BW_RANGE_EXECUTE : 0) |
			  (pte_is_user(pte) ? BW_RANGE_USER : 0);
		table = pte_frame(pte);
		if (pte_is_leaf(pte, level)) {
			return (struct page){ true, end_of(address, level), table, rights };
		}
	}
}

static const char *owner_text(pfn_t frame) { return policy_table[policy_state_of(frame)].name; }

static void range_begin(struct bw_range *range, uint64_t address, const struct page *page)
{
	memset(range, 0, sizeof(*range));
	range->start = address;
	range->end = page->end;
	range->rights = page->rights;
	string_copy(range->region, policy_view_name(policy_view_of(address)),
		    sizeof(range->region));
	string_copy(range->owner, owner_text(page->frame), sizeof(range->owner));
}

/* False: the page begins another range. */
static bool range_extend(struct bw_range *range, uint64_t address, const struct page *page)
{
	if (range->end != address || range->rights != page->rights ||
	    policy_view_of(range->start) != policy_view_of(address)) {
		return false;
	}
	range->end = page->end;
	if (strcmp(range->owner, owner_text(page->frame)) != 0) {
		string_copy(range->owner, "several", sizeof(range->owner));
	}
	return true;
}

/* Addresses between the two halves do not exist; behind the last one there is 0. */
static uint64_t next_address(uint64_t end) { return end == 1ul << 47 ? KERNEL_HALF : end; }

bool ptdump_collect(pfn_t root, struct ptdump *dump)
{
	for (unsigned nr_left = LOOKUPS_PER_PIECE; !dump->is_done; nr_left--) {
		uint64_t address = dump->address;
		struct page page;

		if (nr_left == 0) {
			return false;
		}
		page = look_up(root, address);
		if (page.is_mapped &&
		    (dump->nr == 0 || !range_extend(&dump->ranges[dump->nr - 1], address, &page))) {
			if (dump->nr == dump->nr_max) {
				break;
			}
			range_begin(&dump->ranges[dump->nr++], address, &page);
		}
		dump->address = next_address(page.end);
		dump->is_done = dump->address == 0;
	}
	return true;
}
