/*
 * tlb_model SIZE TRACE RANGES: replays what tlb_trace.c wrote against a plain model of a processor's
 * data TLB, and prints counts as JSON. SIZE is 4k or 2m: the pages of the direct map.
 *
 * The model: two levels, of 64 and 1536 entries, each for pages of all sizes, fully associative, the
 * one used longest ago goes. An access that neither level has is a walk. Nothing is ever flushed, and the
 * kernel's translations are the same in every address space. RANGES has a line "START END", in hexadecimal,
 * for each range that the direct map shows; with 2m a page of 2 MiB that lies in a range as a whole is
 * one entry, as the kernel has it (mm/frame/direct_split.h). Those at the end of the run are taken for the whole
 * of it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_PAGE (1ul << 63)
#define LARGE_PAGE (1ul << 62)
enum { L1_ENTRIES = 64, L2_ENTRIES = 1536, BUCKETS = 1 << 14, RANGES_MAX = 1 << 16, LARGE_SHIFT = 9 };

/* Least recently used first: `older` leads there, `newer` away. Entry 0 is the list's own. */
struct tlb {
	unsigned nr, nr_max;
	struct entry {
		uint64_t page;
		unsigned older, newer, next; /* next: of its bucket */
	} entries[L2_ENTRIES + 1];
	unsigned buckets[BUCKETS];
};

struct range {
	uint64_t start, end; /* page numbers with KERNEL_PAGE */
};

static struct tlb l1 = { .nr_max = L1_ENTRIES }, l2 = { .nr_max = L2_ENTRIES };
static struct range ranges[RANGES_MAX];
static size_t nr_ranges;

static unsigned bucket_of(uint64_t page) { return (unsigned)(page * 0x9e3779b97f4a7c15u >> 50); }

static void unlink_used(struct tlb *tlb, unsigned at)
{
	struct entry *entries = tlb->entries;

	entries[entries[at].older].newer = entries[at].newer;
	entries[entries[at].newer].older = entries[at].older;
}

static void link_newest(struct tlb *tlb, unsigned at)
{
	struct entry *entries = tlb->entries;

	entries[at].newer = 0;
	entries[at].older = entries[0].older;
	entries[entries[0].older].newer = at;
	entries[0].older = at;
}

static unsigned evict_oldest(struct tlb *tlb)
{
	unsigned at = tlb->entries[0].newer;
	unsigned *link = &tlb->buckets[bucket_of(tlb->entries[at].page)];

	while (*link != at) {
		link = &tlb->entries[*link].next;
	}
	*link = tlb->entries[at].next;
	unlink_used(tlb, at);
	return at;
}

/* True: it was there. It is now, and the newest. */
static bool tlb_use(struct tlb *tlb, uint64_t page)
{
	unsigned *bucket = &tlb->buckets[bucket_of(page)], at = *bucket;

	while (at && tlb->entries[at].page != page) {
		at = tlb->entries[at].next;
	}
	if (at) {
		unlink_used(tlb, at);
		link_newest(tlb, at);
		return true;
	}
	at = tlb->nr < tlb->nr_max ? ++tlb->nr : evict_oldest(tlb);
	tlb->entries[at].page = page;
	tlb->entries[at].next = *bucket;
	*bucket = at;
	link_newest(tlb, at);
	return false;
}

static void ranges_read(const char *path)
{
	FILE *file = fopen(path, "r");
	uint64_t start, end;

	if (!file) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	while (nr_ranges < RANGES_MAX && fscanf(file, "%" SCNx64 " %" SCNx64, &start, &end) == 2) {
		ranges[nr_ranges++] = (struct range){ start >> 12 | KERNEL_PAGE, end >> 12 | KERNEL_PAGE };
	}
	fclose(file);
}

/* The direct map's range that a page of the kernel lies in; NULL: it is elsewhere. Ranges are sorted. */
static const struct range *range_of(uint64_t page)
{
	size_t low = 0, high = nr_ranges;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (ranges[middle].end <= page) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < nr_ranges && ranges[low].start <= page ? &ranges[low] : NULL;
}

/* What a TLB calls the page. */
static uint64_t entry_of(uint64_t page, const struct range *range, bool has_large)
{
	uint64_t first = page >> LARGE_SHIFT << LARGE_SHIFT;

	if (has_large && range && range->start <= first && first + (1u << LARGE_SHIFT) <= range->end) {
		return first | LARGE_PAGE;
	}
	return page;
}

static int compare(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* Leaves one of each: how many there are. */
static size_t unique(uint64_t *pages, size_t nr)
{
	size_t nr_unique = 0;

	qsort(pages, nr, sizeof(*pages), compare);
	for (size_t i = 0; i < nr; i++) {
		if (!nr_unique || pages[i] != pages[nr_unique - 1]) {
			pages[nr_unique++] = pages[i];
		}
	}
	return nr_unique;
}

enum { USED_MAX = 1 << 22 };
static uint64_t used[USED_MAX]; /* entries of the direct map; some several times */
static size_t nr_used;

static void note_used(uint64_t entry)
{
	if (nr_used == USED_MAX) {
		nr_used = unique(used, nr_used);
	}
	used[nr_used++] = entry;
}

int main(int argc, char **argv)
{
	struct counts {
		uint64_t accesses, l1_misses, walks;
	} all = { 0 }, direct = { 0 };
	uint64_t page;
	FILE *trace = argc == 4 ? fopen(argv[2], "rb") : NULL;

	if (!trace) {
		fprintf(stderr, "usage: tlb_model 4k|2m TRACE RANGES\n");
		return 2;
	}
	ranges_read(argv[3]);
	while (fread(&page, sizeof(page), 1, trace) == 1) {
		const struct range *range = range_of(page);
		uint64_t entry = entry_of(page, range, strcmp(argv[1], "2m") == 0);
		bool misses = !tlb_use(&l1, entry), walks = misses && !tlb_use(&l2, entry);
		struct counts *both[] = { &all, range ? &direct : NULL };

		for (unsigned i = 0; i < 2 && both[i]; i++) {
			both[i]->accesses++;
			both[i]->l1_misses += misses;
			both[i]->walks += walks;
		}
		if (range) {
			note_used(entry);
		}
	}
	printf("{\"accesses\": %" PRIu64 ", \"l1_misses\": %" PRIu64 ", \"walks\": %" PRIu64
	       ", \"direct_accesses\": %" PRIu64 ", \"direct_l1_misses\": %" PRIu64
	       ", \"direct_walks\": %" PRIu64 ", \"direct_entries\": %zu}\n",
	       all.accesses, all.l1_misses, all.walks, direct.accesses, direct.l1_misses, direct.walks,
	       unique(used, nr_used));
	return 0;
}
