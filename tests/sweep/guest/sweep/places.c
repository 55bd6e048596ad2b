/* Reading the kernel's memory. */
#include "places.h"

#include <string.h>

enum { INDEX_BITS = 9, INDEX_MASK = 511, PAGE_BITS = 12 };

uint64_t walk(uint64_t root_pfn, uint64_t address, uint64_t places[LEVELS])
{
	uint64_t table = root_pfn, entry = 0;

	memset(places, 0, LEVELS * sizeof(places[0]));
	for (int level = LEVELS; level >= 1; level--) {
		int shift = PAGE_BITS + INDEX_BITS * (level - 1);
		uint64_t place = alias_of(table) + (address >> shift & INDEX_MASK) * sizeof(entry);

		places[LEVELS - level] = place;
		entry = read_word(place);
		if (!(entry & ENTRY_PRESENT) || (entry & ENTRY_HUGE && level < LEVELS)) {
			break;
		}
		table = (entry & ENTRY_MASK) >> PAGE_BITS;
	}
	return entry;
}

uint64_t kernel_root_pfn(void) { return read_number(symbol(kernel_root)); }

/* What places_keep keeps. */
enum { KEPT_MAX = 128, FILES_MAX = 4 };
static struct {
	uint64_t page, entry;
} kept[KEPT_MAX];
static struct {
	const char *path;
	uint64_t bytes;
} files[FILES_MAX];
static unsigned nr_kept, nr_files;
static bool is_keeping;

void places_keep(void)
{
	nr_kept = nr_files = 0;
	is_keeping = true;
}

void places_kept(void) { is_keeping = false; }

static uint64_t entry_of(uint64_t address)
{
	uint64_t page = address / PAGE, places[LEVELS], entry;

	for (unsigned i = 0; i < nr_kept; i++) {
		if (kept[i].page == page) {
			return kept[i].entry;
		}
	}
	entry = walk(kernel_root_pfn(), address, places);
	if (is_keeping && nr_kept < KEPT_MAX) {
		kept[nr_kept].page = page;
		kept[nr_kept++].entry = entry;
	}
	return entry;
}

uint64_t frame_of(uint64_t address)
{
	uint64_t entry = entry_of(address);

	return entry & ENTRY_PRESENT ? (entry & ENTRY_MASK) >> PAGE_BITS : 0;
}

bool is_mapped(uint64_t address) { return entry_of(address) & ENTRY_PRESENT; }

uint64_t as_of(const struct who *who) { return member(process, who->leak.process, as); }

uint64_t thread_of(const struct who *who)
{
	return who->leak.thread_process - BW_OFFSET_thread__process;
}

uint64_t root_of(const struct who *who) { return (uint32_t)member(as, as_of(who), root); }

uint64_t cpu_at(unsigned id) { return read_word(symbol(cpus) + id * sizeof(uint64_t)); }

uint64_t table_of(const struct who *who)
{
	uint64_t places[LEVELS];

	walk(root_of(who), who->page, places);
	return (places[LEVELS - 1] - board->self.leak.direct_map_base) / PAGE;
}

uint64_t row_of(uint64_t pfn) { return symbol_word(frames) + pfn * BW_SIZEOF_frame; }

static bool is_named(uint64_t entry, const char *path)
{
	uint64_t words[4];

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		words[i] = read_word(entry + BW_OFFSET_archive_entry__name + i * sizeof(words[0]));
	}
	return strncmp((const char *)words, path, sizeof(words)) == 0;
}

static uint64_t find_bytes(const char *path)
{
	uint64_t archive = symbol_word(boot_archive__archive);
	uint64_t entry = member(archive, archive, entries);
	uint32_t nr = (uint32_t)member(archive, archive, nr_entries);

	for (uint32_t i = 0; i < nr; i++, entry += BW_SIZEOF_archive_entry) {
		if (is_named(entry, path)) {
			return member(archive_entry, entry, data);
		}
	}
	return 0;
}

uint64_t archive_bytes(const char *path)
{
	uint64_t bytes;

	for (unsigned i = 0; i < nr_files; i++) {
		if (strcmp(files[i].path, path) == 0) {
			return files[i].bytes;
		}
	}
	bytes = find_bytes(path);
	if (is_keeping && nr_files < FILES_MAX) {
		files[nr_files].path = path;
		files[nr_files++].bytes = bytes;
	}
	return bytes;
}
