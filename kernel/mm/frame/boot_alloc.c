/* The boot allocator: frames from both ends of the pieces of memory, the largest piece first. */
#include "mm/frame/boot_alloc.h"

#include "core/panic.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/table/layout.h"
#include "mm/table/ram.h"

/* boot.asm's identity map ends here. */
#define IDENTITY_END (pa_to_pfn((pa_t){ 1ul << 32 }))

static struct boot_alloc_piece pieces[BOOT_ALLOC_PIECES_MAX];
static unsigned nr_pieces;
static pfn_t reach;
static bool is_direct; /* the direct map is there, and the identity map is gone */

/* What is handed out from now, of each kind; both change when it is used up. */
static struct boot_alloc_piece *tables_from, *kernel_from;

/* The first of the keeps that lies in [start, end), or NULL. */
static const struct ram_range *first_keep(const struct ram_range *keeps, unsigned nr,
					  uint32_t start, uint32_t end)
{
	const struct ram_range *found = NULL;

	for (unsigned i = 0; i < nr; i++) {
		if (keeps[i].start < end && keeps[i].end > start &&
		    (!found || keeps[i].start < found->start)) {
			found = &keeps[i];
		}
	}
	return found;
}

static void add_piece(uint32_t start, uint32_t end)
{
	if (start < end) {
		pieces[nr_pieces++] = (struct boot_alloc_piece){ start, start, end, end };
	}
}

void boot_alloc_init(const struct ram *ram, const struct boot_info *info)
{
	struct ram_range keeps[BOOT_ALLOC_KEEPS_MAX];
	unsigned nr_keeps = 0;

	keeps[nr_keeps++] = (struct ram_range){
		LOAD_BASE >> PAGE_SHIFT,
		(uint32_t)((LOAD_BASE + (uint64_t)(image_end - image_start)) >> PAGE_SHIFT)
	};
	for (unsigned i = 0; i < info->nr_modules; i++) {
		keeps[nr_keeps++] = (struct ram_range){
			pa_to_pfn(info->modules[i].start).pfn,
			(uint32_t)(align_up(info->modules[i].end.pa, PAGE_SIZE) >> PAGE_SHIFT)
		};
	}
	for (unsigned i = 0; i < ram->nr; i++) {
		uint32_t start = ram->ranges[i].start, end = ram->ranges[i].end;
		const struct ram_range *keep;

		while (start < end && (keep = first_keep(keeps, nr_keeps, start, end))) {
			add_piece(start, keep->start);
			start = keep->end;
		}
		add_piece(start, end);
	}
	reach = IDENTITY_END;
}

void boot_alloc_reach(pfn_t end)
{
	reach = end;
	is_direct = true;
}

void *boot_alloc_pointer(pfn_t frame)
{
	return is_direct ? direct_map_pointer(frame) : (void *)pfn_to_pa(frame).pa;
}

static uint32_t nr_left(const struct boot_alloc_piece *piece)
{
	uint32_t end = MIN(piece->high, reach.pfn);

	return end > piece->low ? end - piece->low : 0;
}

uint64_t boot_alloc_nr_left(void)
{
	uint64_t nr = 0;

	for (unsigned i = 0; i < nr_pieces; i++) {
		nr += nr_left(&pieces[i]);
	}
	return nr;
}

/* The piece with the most left, which is nr frames at least. */
static struct boot_alloc_piece *largest(uint32_t nr)
{
	struct boot_alloc_piece *found = &pieces[0];

	for (unsigned i = 1; i < nr_pieces; i++) {
		if (nr_left(&pieces[i]) > nr_left(found)) {
			found = &pieces[i];
		}
	}
	if (!nr_pieces || nr_left(found) < nr) {
		panic("out of memory while booting: %u frames in a row wanted", nr);
	}
	return found;
}

pfn_t boot_alloc_tables(uint32_t nr)
{
	if (!tables_from || nr_left(tables_from) < nr) {
		tables_from = largest(nr);
	}
	tables_from->low += nr;
	return (pfn_t){ tables_from->low - nr };
}

pfn_t boot_alloc_tables_of(uint32_t nr, uint32_t *got)
{
	if (!tables_from || !nr_left(tables_from)) {
		tables_from = largest(1);
	}
	*got = MIN(nr, nr_left(tables_from));
	return boot_alloc_tables(*got);
}

pfn_t boot_alloc_kernel(uint32_t nr, uint32_t *got)
{
	pfn_t first;

	if (!kernel_from || nr_left(kernel_from) < 1) {
		kernel_from = largest(1);
	}
	*got = MIN(nr, nr_left(kernel_from));
	kernel_from->high -= *got;
	first = (pfn_t){ kernel_from->high };
	memset(boot_alloc_pointer(first), 0, (uint64_t)*got << PAGE_SHIFT);
	return first;
}

static pfn_t table_make(bool is_zeroed)
{
	pfn_t table = boot_alloc_tables(1);

	if (is_zeroed) {
		memset(boot_alloc_pointer(table), 0, PAGE_SIZE);
	}
	return table;
}

/* is_zeroed: whether the last table needs to be. */
static pte_t *entry_at(pfn_t root, uint64_t address, unsigned to_level, bool is_zeroed)
{
	pte_t *entry = (pte_t *)boot_alloc_pointer(root) + level_index(address, LEVEL_MAX);

	for (unsigned level = LEVEL_MAX; level > to_level; level--) {
		if (!pte_is_present(*entry)) {
			*entry = pte_make(table_make(level > 2 || is_zeroed),
					  PTE_PRESENT | PTE_WRITABLE);
		}
		entry = (pte_t *)boot_alloc_pointer(pte_frame(*entry)) +
			level_index(address, level - 1);
	}
	return entry;
}

pte_t *boot_map_entry(pfn_t root, uint64_t address, uint32_t nr)
{
	return entry_at(root, address, 1, nr < PTES_PER_TABLE);
}

pte_t *boot_map_large_entry(pfn_t root, uint64_t address)
{
	return entry_at(root, address, 2, true);
}

void boot_map_range(pfn_t root, uint64_t start, uint64_t end, uint64_t flags)
{
	for (uint64_t at = align_down(start, PAGE_SIZE); at < end;) {
		uint32_t to_table_end = PTES_PER_TABLE - level_index(at, 1);
		uint32_t nr = (uint32_t)MIN((end - at + PAGE_SIZE - 1) >> PAGE_SHIFT,
					    (uint64_t)to_table_end);
		pte_t *entry = boot_map_entry(root, at, 0);
		pfn_t first;

		if (pte_is_present(*entry)) {
			at += PAGE_SIZE;
			continue;
		}
		first = boot_alloc_kernel(nr, &nr);
		boot_map_fill(entry, nr, pte_make(first, flags));
		at += (uint64_t)nr << PAGE_SHIFT;
	}
}

const struct boot_alloc_piece *boot_alloc_pieces(unsigned *nr)
{
	*nr = nr_pieces;
	return pieces;
}
