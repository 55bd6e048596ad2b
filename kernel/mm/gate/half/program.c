/*
 * In the gate: a new address space becomes what a program of the boot archive begins with. While
 * its root is ROOT_PROGRAM, its pages with bytes of the file are filled here, in order, from what
 * boot read of the file; whoever makes it fills only the stack. The number of the shadow root's
 * frame, which is no generation yet, says which program, and how far that is.
 */
#include "mm/gate/half/program.h"

#include "arch/x86_64/cpu/registers.h"
#include "lib/string.h"
#include "mm/frame/window.h"
#include "mm/gate/current/credential.h"
#include "mm/gate/half/pages.h"
#include "mm/table/ptable.h"

/* That number: the file's index below, the pages filled above. */
enum { PAGES_SHIFT = 12, FILE_MASK = (1 << PAGES_SHIFT) - 1 };
/* What was filled is not all there any more. */
#define PAGES_SPOILT (UINT32_MAX >> PAGES_SHIFT)

static uint32_t *state_of_program(pfn_t root) { return &gate_frame(pfn_add(root, 1))->number; }
static uint32_t nr_filled(pfn_t root) { return *state_of_program(root) >> PAGES_SHIFT; }

static const struct program_file *file_of(pfn_t root)
{
	return &gate_credentials.programs[*state_of_program(root) & FILE_MASK];
}

bool program_begin(pfn_t root, uint64_t file)
{
	if (file > FILE_MASK || file >= gate_credentials.nr_files ||
	    !gate_credentials.programs[file].image->nr_segments) {
		return false;
	}
	*state_of_program(root) = (uint32_t)file;
	return true;
}

void program_spoil(pfn_t root) { *state_of_program(root) = PAGES_SPOILT << PAGES_SHIFT; }

/* No slot of a processor has the root: generations begin again. */
void program_end(pfn_t root) { *state_of_program(root) = 1; }

/* Filled, and one more: the stack has its auxiliary vector. */
bool program_is_whole(pfn_t root) { return nr_filled(root) == file_of(root)->image->nr_pages + 1; }

uint32_t program_of(pfn_t root) { return *state_of_program(root) & FILE_MASK; }

/* The segment with the page that is filled next, and the page's address. */
static const struct elf_segment *segment_find(pfn_t root, uint64_t *address)
{
	const struct elf_image *image = file_of(root)->image;
	uint64_t page = nr_filled(root);

	for (unsigned i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];
		uint64_t nr = segment_nr_file_pages(segment);

		if (page < nr) {
			*address = align_down(segment->start.uva, PAGE_SIZE) + page * PAGE_SIZE;
			return segment;
		}
		page -= nr;
	}
	return NULL;
}

static bool has_rights_of(pte_t pte, const struct elf_segment *segment)
{
	return pte_is_present(pte) && pte_is_writable(pte) == !!(segment->rights & ELF_WRITE) &&
	       (pte_is_executable(pte) == !!(segment->rights & ELF_EXECUTE) || !cpu_features.nx);
}

/* Pages in a row of one table that no other entry names. */
static bool pages_find(pfn_t root, uint64_t address, uint64_t nr, const struct elf_segment *segment,
		       pfn_t *out)
{
	unsigned first = level_index(address, 1);
	const pte_t *entries;
	pfn_t table;

	if (!nr || nr > WINDOW_PAGES || nr > PTES_PER_TABLE - first ||
	    !user_table_find(root, address, 1, &table)) {
		return false;
	}
	entries = (const pte_t *)direct_map_pointer(table) + first;
	for (uint64_t i = 0; i < nr; i++) {
		pte_t pte = pte_read(&entries[i]);

		if (!page_is_alone(pte) || !has_rights_of(pte, segment)) {
			return false;
		}
		out[i] = pte_frame(pte);
	}
	return true;
}

static uint64_t load(pfn_t root, uint64_t nr)
{
	uint64_t address = 0, start, end;
	const struct elf_segment *segment = segment_find(root, &address);
	pfn_t targets[WINDOW_PAGES];

	if (!segment || !pages_find(root, address, nr, segment, targets)) {
		return GATE_IN_USE;
	}
	start = MAX(address, segment->start.uva);
	end = segment->start.uva + segment->file_len_bytes;
	if (align_up(end, PAGE_SIZE) < address + nr * PAGE_SIZE) {
		return GATE_IN_USE;
	}
	end = MIN(end, address + nr * PAGE_SIZE);
	gate_write(targets, (unsigned)nr, start - address,
		   file_of(root)->bytes + segment->file_offset + (start - segment->start.uva),
		   end - start);
	*state_of_program(root) += (uint32_t)nr << PAGES_SHIFT;
	return GATE_DONE;
}

/* The root, how many pages: the next ones. */
uint64_t gate_program_load(uint64_t number, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	struct place place = { .root = (uint32_t)number };
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused2, (void)unused3;
	if (number >= nr_frames || !gate_lock_root(place.root)) {
		return GATE_NO_FRAME;
	}
	if (place_is_program(&place)) {
		refusal = load((pfn_t){ place.root }, nr);
	}
	gate_unlock_root(place.root);
	return refusal;
}

bool program_lets_write(const struct place *place, uint64_t address, uint64_t len_bytes)
{
	pfn_t root = { place->root };

	return address >= PROGRAM_STACK_TOP - PROGRAM_STACK_BYTES && address < PROGRAM_STACK_TOP &&
	       len_bytes <= PROGRAM_STACK_TOP - address &&
	       nr_filled(root) <= file_of(root)->image->nr_pages && place_is_at(place, address);
}

/* Linux's. */
enum auxiliary {
	AT_NULL = 0,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_ENTRY = 9,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_HWCAP = 16,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
};
enum { TICKS_PER_S = 100 };

/* AT_SECURE: the program acts for another user than who began it. */
static void auxiliary_write(uint64_t *to, const struct elf_image *image,
			    const struct program_users *users)
{
	const uint64_t words[AUXILIARY_WORDS] = {
		AT_PHDR,   image->headers.uva,
		AT_PHENT,  ELF_HEADER_BYTES,
		AT_PHNUM,  image->nr_headers,
		AT_PAGESZ, PAGE_SIZE,
		AT_ENTRY,  image->entry.uva,
		AT_UID,    users->own,
		AT_EUID,   users->own,
		AT_GID,    users->own,
		AT_EGID,   users->own,
		AT_SECURE, users->own != users->callers,
		AT_HWCAP,  cpuid_read(1, 0).edx,
		AT_CLKTCK, TICKS_PER_S,
		AT_RANDOM, PROGRAM_STACK_TOP - PROGRAM_RANDOM_BYTES,
		AT_NULL,   0,
	};

	memcpy(to, words, sizeof(words));
}

/* Behind the number of arguments, their pointers, 0, those of the environment, 0. NULL: there is no
 * room. */
static uint64_t *auxiliary_find(uint64_t *words, uint64_t nr)
{
	uint64_t at;

	if (nr < AUXILIARY_WORDS + 3 || words[0] > nr - AUXILIARY_WORDS - 3 ||
	    words[words[0] + 1]) {
		return NULL;
	}
	for (at = words[0] + 2; at < nr - AUXILIARY_WORDS; at++) {
		if (!words[at]) {
			return &words[at + 1];
		}
	}
	return NULL;
}

/* The stack's pages from where its pointer is: one, or two. Returns how many; 0: they are not
 * there. */
static unsigned stack_find(pfn_t root, uint64_t rsp, pfn_t *out)
{
	uint64_t page = align_down(rsp, PAGE_SIZE);
	unsigned nr = 0;

	for (; nr < 2 && page < PROGRAM_STACK_TOP; nr++, page += PAGE_SIZE) {
		unsigned level;
		pte_t pte = ptable_lookup(root, page, &level);

		if (!pte_is_present(pte) || level != 1 || !page_is_alone(pte)) {
			break;
		}
		out[nr] = pte_frame(pte);
	}
	return nr;
}

static bool auxiliary_fill(pfn_t root, const struct elf_image *image, uint64_t rsp,
			   const struct program_users *users)
{
	pfn_t pages[2];
	unsigned nr = rsp < PROGRAM_STACK_TOP - PROGRAM_STACK_BYTES || rsp % sizeof(uint64_t)
			      ? 0
			      : stack_find(root, rsp, pages);
	uint64_t *words, *auxiliary;
	cr3_t before;

	if (!nr) {
		return false;
	}
	words = (uint64_t *)(gate_show(pages, nr, &before) + rsp % PAGE_SIZE);
	auxiliary = auxiliary_find(words, (nr * PAGE_SIZE - rsp % PAGE_SIZE) / sizeof(*words));
	if (auxiliary) {
		auxiliary_write(auxiliary, image, users);
	}
	gate_unshow(nr, before);
	return auxiliary;
}

bool program_start(pfn_t root, uint64_t file, uint64_t rsp, const struct program_users *users)
{
	struct place place = { .root = root.pfn };
	bool is_started = false;

	if (!gate_is_shut()) {
		/* with ptprot=off it is what it is told to be, wherever it is led */
		(void)auxiliary_fill(root, gate_credentials.programs[file].image, rsp, users);
		(void)gate_root_change(root.pfn, 0, 0, 0);
		return true;
	}
	if (root.pfn >= nr_frames || !gate_lock_root(root.pfn)) {
		return false;
	}
	if (place_is_program(&place) && program_of(root) == file &&
	    nr_filled(root) == file_of(root)->image->nr_pages) {
		is_started = auxiliary_fill(root, file_of(root)->image, rsp, users);
	}
	if (is_started) {
		*state_of_program(root) += 1u << PAGES_SHIFT;
		is_started = root_publish_owed(root);
	}
	gate_unlock_root(root.pfn);
	return is_started;
}
