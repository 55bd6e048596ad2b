/* sources: kernel/mm/frame/direct_map.c kernel/mm/frame/boot_alloc.c */

/*
 * What direct_map_build makes of memory with holes, and of ranges that begin and end anywhere: each
 * frame of the ranges is mapped at its place, and nothing else is.
 */
#include "host_assert.h"
#include "tap.h"

#include <sys/mman.h>

#include "arch/x86_64/cpu/features.h"
#include "core/boot_info.h"
#include "core/cpu.h"
#include "core/options.h"
#include "core/panic.h"
#include "mm/frame/boot_alloc.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"
#include "mm/table/ptable.h"
#include "mm/table/ram.h"
#include "random.h"

/* Early memory is used where it lies in physical memory, as boot.asm maps it: so it does here. */
#define EARLY_START 0x20000000ul
#define EARLY_BYTES (128ul << 20)
enum { NR_FRAMES_SEEN = 3 << 18, RANGES_MAX = 24, NR_RANDOM_RUNS = 20, LONGEST = 3000 };

struct options options;
struct cpu_features cpu_features = { .nx = true };

/* No TLB is there to owe a flush to. */
void upcall_entry_stricter(const uint64_t *slot, bool is_user)
{
	(void)slot;
	(void)is_user;
}
struct cpu *host_cpu;
pfn_t kernel_root;
char image_start[1];
__asm__(".globl image_end\n.set image_end, image_start + 0x200000");

struct range {
	uint32_t start, end;
};

static bool is_usable[NR_FRAMES_SEEN], is_large[NR_FRAMES_SEEN / FRAMES_PER_HUGE];

void panic(const char *format, ...)
{
	fprintf(stderr, "panic: %s\n", format);
	abort();
}

/* Not called by the builder. */
pte_t *ptable_entry(pfn_t root, uint64_t address, unsigned level)
{
	(void)root, (void)address, (void)level;
	abort();
}

pte_t ptable_lookup(pfn_t root, uint64_t address, unsigned *level)
{
	(void)root, (void)address, (void)level;
	abort();
}

pfn_t direct_split_table(pfn_t frame)
{
	(void)frame;
	abort();
}

uint32_t direct_split_write(pfn_t table, pfn_t first, uint32_t nr, pte_t pte)
{
	(void)table, (void)first, (void)nr, (void)pte;
	abort();
}

void pte_store(pte_t *entry, pte_t pte)
{
	(void)entry, (void)pte;
	abort();
}

void pte_fill(pte_t *entry, unsigned nr, pte_t pte)
{
	(void)entry, (void)nr, (void)pte;
	abort();
}

pte_t gate_guarded_pte(pfn_t frame)
{
	(void)frame;
	abort();
}

static void memory_start(void)
{
	static const struct boot_info info;
	static const struct ram ram = { .ranges = { { EARLY_START >> PAGE_SHIFT,
						      (EARLY_START + EARLY_BYTES) >> PAGE_SHIFT } },
					.nr = 1 };

	if (mmap((void *)EARLY_START, EARLY_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
		 0) != (void *)EARLY_START) {
		perror("mmap");
		exit(EXIT_FAILURE);
	}
	/* the firmware leaves memory dirty */
	memset((void *)EARLY_START, 0xff, EARLY_BYTES / 2);
	boot_alloc_init(&ram, &info);
}

static pte_t *table_of(pte_t entry) { return (pte_t *)pfn_to_pa(pte_frame(entry)).pa; }

/* The leaf, whose level is *level; or what is not present. */
static pte_t lookup(pfn_t root, uint64_t address, unsigned *level)
{
	pte_t pte = pte_make(root, PTE_PRESENT);

	*level = LEVEL_MAX + 1;
	do {
		pte = table_of(pte)[level_index(address, --*level)];
	} while (pte_is_present(pte) && !pte_is_leaf(pte, *level));
	return pte;
}

static uint64_t nr_leaves(pte_t entry, unsigned level)
{
	uint64_t nr = 0;

	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		pte_t pte = table_of(entry)[i];

		if (pte.value) {
			nr += pte_is_leaf(pte, level) ? 1ul << 9 * (level - 1)
						      : nr_leaves(pte, level - 1);
		}
	}
	return nr;
}

/* The entry that a frame should have, a large page's where it lies in one. */
static pte_t wanted_entry(pfn_t frame, uint64_t flags)
{
	pfn_t first = { frame.pfn - frame.pfn % FRAMES_PER_HUGE };

	if (is_large[frame.pfn / FRAMES_PER_HUGE]) {
		return pte_make(first, flags | PTE_HUGE);
	}
	return is_usable[frame.pfn] ? pte_make(frame, flags) : PTE_NONE;
}

/* The first frame that is not mapped as it should be, or PFN_NONE. */
static pfn_t first_wrong(pfn_t root, uint64_t flags)
{
	for (pfn_t frame = { 0 }; frame.pfn < NR_FRAMES_SEEN; frame.pfn++) {
		unsigned level;
		pte_t pte = lookup(root, direct_map_address(frame), &level);

		if (pte.value != wanted_entry(frame, flags).value) {
			diag("frame %#x: %#lx at level %u", frame.pfn, pte.value, level);
			return frame;
		}
	}
	return PFN_NONE;
}

/* Pages of 2 MiB that lie in the range as a whole. */
static void note_large(const struct range *range)
{
	uint32_t page = (range->start + FRAMES_PER_HUGE - 1) / FRAMES_PER_HUGE;

	for (; options.directmap == directmap_2m && (page + 1) * FRAMES_PER_HUGE <= range->end;
	     page++) {
		is_large[page] = true;
	}
}

static void builds(const char *what, uint64_t flags, const struct range *ranges, unsigned nr)
{
	pfn_t root = boot_alloc_tables(1);
	uint64_t nr_usable = 0;

	memset(boot_alloc_pointer(root), 0, PAGE_SIZE);
	memset(is_usable, 0, sizeof(is_usable));
	memset(is_large, 0, sizeof(is_large));
	for (unsigned i = 0; i < nr; i++) {
		direct_map_build(root, (pfn_t){ ranges[i].start }, (pfn_t){ ranges[i].end });
		note_large(&ranges[i]);
		for (uint32_t frame = ranges[i].start; frame < ranges[i].end; frame++) {
			is_usable[frame] = true;
			nr_usable++;
		}
	}
	ok(pfn_is_none(first_wrong(root, flags)), "%s: each frame is mapped, holes are not", what);
	is(nr_leaves(pte_make(root, PTE_PRESENT), LEVEL_MAX), nr_usable,
	   "%s: and nothing beside them", what);
}

static unsigned ranges_draw(struct range *ranges)
{
	unsigned nr = 0;
	uint32_t at = (uint32_t)random_below(LONGEST);

	while (nr < RANGES_MAX && at < NR_FRAMES_SEEN - LONGEST) {
		ranges[nr].start = at;
		ranges[nr].end = at + 1 + (uint32_t)random_below(LONGEST);
		at = ranges[nr++].end + (uint32_t)random_below(2 * NR_FRAMES_SEEN / RANGES_MAX);
	}
	return nr;
}

int main(void)
{
	/* boundaries of page tables at 0x200 n, of a page directory at 0x40000 */
	static const struct range whole[] = { { 0, 0x400 } }, one[] = { { 0x3ff, 0x400 } },
				  none[] = { { 0x345, 0x345 } },
				  edges[] = { { 1, 0x1ff },        { 0x200, 0x201 },
					      { 0x3ff, 0x601 },    { 0x700, 0x710 },
					      { 0x720, 0x7ff },    { 0xc00, 0x1000 },
					      { 0x3fff0, 0x40010 } };
	const uint64_t rw = PTE_PRESENT | PTE_WRITABLE;
	struct range drawn[RANGES_MAX];

	memory_start();
	builds("page tables from end to end", rw | PTE_NO_EXECUTE, whole, 1);
	builds("one frame", rw | PTE_NO_EXECUTE, one, 1);
	builds("an empty range", rw | PTE_NO_EXECUTE, none, 1);
	builds("ranges that end inside of page tables", rw | PTE_NO_EXECUTE, edges,
	       ARRAY_SIZE(edges));
	/* moved by kaslr: page directories end elsewhere in physical memory */
	direct_map_base += 0x1234 * HUGE_SIZE;
	builds("at another base", rw | PTE_NO_EXECUTE, edges, ARRAY_SIZE(edges));
	for (unsigned i = 0; i < NR_RANDOM_RUNS; i++) {
		builds("random ranges", rw | PTE_NO_EXECUTE, drawn, ranges_draw(drawn));
	}
	options.directmap = directmap_2m;
	builds("large pages", rw | PTE_NO_EXECUTE, whole, 1);
	builds("large pages: one frame", rw | PTE_NO_EXECUTE, one, 1);
	builds("large pages: ranges that end inside of them", rw | PTE_NO_EXECUTE, edges,
	       ARRAY_SIZE(edges));
	for (unsigned i = 0; i < NR_RANDOM_RUNS; i++) {
		builds("large pages: random ranges", rw | PTE_NO_EXECUTE, drawn,
		       ranges_draw(drawn));
	}
	options.physmap = physmap_rwx;
	builds("large pages: physmap=rwx", rw, edges, ARRAY_SIZE(edges));
	options.directmap = directmap_4k;
	builds("physmap=rwx", rw, edges, ARRAY_SIZE(edges));
	options.physmap = physmap_nx;
	cpu_features.nx = false;
	builds("a processor without NX", rw, edges, ARRAY_SIZE(edges));
	return done_testing();
}
