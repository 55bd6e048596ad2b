/* Rounds of the stress program that map, touch, protect and unmap. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stress.h"

enum { MOST_PAGES = 200, WORDS_PER_PAGE = BW_PAGE_SIZE / sizeof(uint64_t), NR_STEPS = 20 };

static uint64_t *map(size_t nr_bytes, int extra_flags)
{
	void *start = mmap(NULL, nr_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | extra_flags, -1, 0);

	return start == MAP_FAILED ? NULL : start;
}

/* What page i of a mapping holds where it was written; never 0. */
static uint64_t mark_of(unsigned int i, uint64_t seed) { return (seed << 32 | i) + 1; }

static uint64_t *page_of(uint64_t *memory, unsigned int i)
{
	return memory + (size_t)i * WORDS_PER_PAGE;
}

/* First and last word: a page that is half somebody else's would show. */
static bool page_holds(uint64_t *memory, unsigned int i, uint64_t mark)
{
	return page_of(memory, i)[0] == mark && page_of(memory, i)[WORDS_PER_PAGE - 1] == mark;
}

static void page_mark(uint64_t *memory, unsigned int i, uint64_t mark)
{
	page_of(memory, i)[0] = mark;
	page_of(memory, i)[WORDS_PER_PAGE - 1] = mark;
}

enum stress_result stress_faults(void)
{
	bool marked[MOST_PAGES] = { false };
	unsigned int nr = 1 + stress_random(MOST_PAGES);
	uint64_t seed = stress_random(1 << 30);
	uint64_t *memory = map((size_t)nr * BW_PAGE_SIZE, 0);
	enum stress_result result = STRESS_DONE;

	if (memory == NULL) {
		return STRESS_REFUSED;
	}
	for (unsigned int k = 0; k < nr; k++) {
		unsigned int i = stress_random(nr);

		if (stress_random(8) == 0) {
			madvise(page_of(memory, i), BW_PAGE_SIZE, MADV_DONTNEED);
			marked[i] = false;
		} else {
			page_mark(memory, i, mark_of(i, seed));
			marked[i] = true;
		}
	}
	for (unsigned int i = 0; i < nr && result == STRESS_DONE; i++) {
		if (!page_holds(memory, i, marked[i] ? mark_of(i, seed) : 0)) {
			result = stress_complain("page %u of %u holds 0x%lx, 0x%lx in place of %s",
						 i, nr, page_of(memory, i)[0],
						 page_of(memory, i)[WORDS_PER_PAGE - 1],
						 marked[i] ? "its mark" : "0");
		}
	}
	munmap(page_of(memory, nr / 3), (size_t)(nr - nr / 3) * BW_PAGE_SIZE);
	munmap(memory, (size_t)nr * BW_PAGE_SIZE);
	return result;
}

static int write_to(void *address)
{
	*(volatile uint64_t *)address = 1;
	return 0;
}

/* Changes rights to and fro; in the end a read-only page must stop a writer. */
enum stress_result stress_protect(void)
{
	enum { NR = 16 };
	uint64_t *memory = map((size_t)NR * BW_PAGE_SIZE, 0);
	enum stress_result result;

	if (memory == NULL) {
		return STRESS_REFUSED;
	}
	for (int step = 0; step < NR_STEPS; step++) {
		unsigned int first = stress_random(NR), nr = 1 + stress_random(NR - first);

		mprotect(page_of(memory, first), (size_t)nr * BW_PAGE_SIZE, PROT_READ | PROT_WRITE);
		for (unsigned int i = first; i < first + nr; i++) {
			page_mark(memory, i, mark_of(i, (uint64_t)step));
		}
		mprotect(page_of(memory, first), (size_t)nr * BW_PAGE_SIZE, PROT_READ);
		for (unsigned int i = first; i < first + nr; i++) {
			if (!page_holds(memory, i, mark_of(i, (uint64_t)step))) {
				return stress_complain("mprotect changed page %u", i);
			}
		}
	}
	if (mprotect(memory, (size_t)NR * BW_PAGE_SIZE, PROT_READ) != 0) {
		munmap(memory, (size_t)NR * BW_PAGE_SIZE);
		return STRESS_REFUSED;
	}
	result = stress_expect_signal("a write to a read-only page", child_run(write_to, memory),
				      SIGSEGV);
	munmap(memory, (size_t)NR * BW_PAGE_SIZE);
	return result;
}

static int check_and_change(void *memory)
{
	volatile uint64_t *word = memory;

	if (*word != 1) {
		return 1;
	}
	*word = 2; /* copies 2 MiB */
	return 0;
}

enum stress_result stress_huge(void)
{
	uint64_t *memory = map(BW_HUGE_PAGE_SIZE, MAP_HUGETLB);
	enum stress_result result;

	if (memory == NULL) {
		return STRESS_REFUSED;
	}
	for (size_t i = 0; i < BW_HUGE_PAGE_SIZE / sizeof(*memory); i += WORDS_PER_PAGE / 2) {
		if (memory[i] != 0) {
			return stress_complain("a new 2 MiB page holds 0x%lx at word %zu",
					       memory[i], i);
		}
	}
	*(volatile uint64_t *)memory = 1;
	result = stress_expect_exit("a child that writes to a shared 2 MiB page",
				    child_run(check_and_change, memory), 0);
	if (*(volatile uint64_t *)memory != 1) {
		result = stress_complain("a child's write to a 2 MiB page reached its parent");
	}
	munmap(memory, BW_HUGE_PAGE_SIZE);
	return result;
}

/* Takes all memory there is: 2 MiB pages first, which is quick. */
static int take_all(void *unused)
{
	enum { PIECE_BYTES = 64 * BW_PAGE_SIZE };
	size_t piece = BW_HUGE_PAGE_SIZE;

	(void)unused;
	for (;;) {
		uint64_t *memory = map(piece, piece == BW_HUGE_PAGE_SIZE ? MAP_HUGETLB : 0);
		struct bw_memory_info info;

		if (memory == NULL) {
			return 0;
		}
		for (size_t offset = 0; offset < piece; offset += BW_PAGE_SIZE) {
			memory[offset / sizeof(*memory)] = 1;
		}
		bw_memory_info(&info);
		if (info.nr_free_revealed + info.nr_free_hidden < info.nr_frames_usable / 16) {
			piece = PIECE_BYTES;
		}
		if (stress->stop) {
			return 0;
		}
	}
}

/* Ends by a SIGBUS, or by an mmap that is refused. */
enum stress_result stress_hog(void)
{
	enum stress_result result =
		stress_expect_exit("a program that takes all memory", child_run(take_all, NULL), 0);

	return result == STRESS_REFUSED ? STRESS_DONE : result;
}
