/*
 * Lays out the frame table, the links, the histories and the counts per range in kernel space.
 * Their frames may lie anywhere, and holes in memory have none.
 */
#include "lib/assert.h"
#include "mm/frame/boot_alloc.h"
#include "mm/frame/buddy.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/frame_init.h"
#include "mm/frame/kspace.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/table/ptable.h"
#include "mm/table/ram.h"

#define LINKS_BYTES (PFN_MAX * sizeof(struct frame_link))
#define HISTORIES_BYTES (PFN_MAX * sizeof(uint16_t))
#define HISTORY_PIDS_BYTES (PFN_MAX * sizeof(uint8_t))
#define COUNTS_BYTES (PFN_MAX / RANGE_FRAMES * sizeof(uint16_t))

static_assert(GUARDED_FRAMES_SIZE == PFN_MAX * sizeof(struct frame), "it is the first part");
static_assert(GUARDED_STEP + GUARDED_SIZE + LINKS_BYTES + HISTORIES_BYTES + HISTORY_PIDS_BYTES +
			      COUNTS_BYTES <=
		      FRAME_TABLE_SIZE,
	      "room for all");
static_assert(RAM_BLOCK_FRAMES * sizeof(struct frame) % PAGE_SIZE == 0, "of a block: whole pages");
static_assert(RAM_BLOCK_FRAMES >= 1 << BUDDY_ORDER_MAX, "buddies lie in one block");

static RO_AFTER_INIT struct frame_hole holes[MEMORY_RANGES_MAX];

/*
 * What a run has of a table with entry_bytes for every nr_frames. A page may hold the end of what
 * the run before has, too.
 */
static void map(uint64_t table, size_t entry_bytes, uint32_t nr_frames_each,
		const struct ram_range *run)
{
	uint64_t start = table + run->start / nr_frames_each * entry_bytes;
	uint64_t end = table + run->end / nr_frames_each * entry_bytes;

	boot_map_range(kernel_root, start, end, PTE_PRESENT | PTE_WRITABLE | ptable_nx());
	if (KASAN) {
		marks_build(start, end);
	}
}

/* One for so many frames of memory, and no fewer than a user may have threads, twice. */
enum { FRAMES_PER_KSTACK = 32, KSTACKS_LEAST = 2048 };

static void kstacks_build(void)
{
	uint64_t start = guarded_base() + GUARDED_FRAMES_SIZE + GUARDED_STEP / 2;

	nr_kstacks = MIN(MAX(nr_frames / FRAMES_PER_KSTACK, (uint32_t)KSTACKS_LEAST),
			 (uint32_t)NR_SLOTS);
	kstack_owners = (struct kstack_owner *)start;
	boot_map_range(kernel_root, start,
		       align_up((uint64_t)&kstack_owners[nr_kstacks], PAGE_SIZE),
		       PTE_PRESENT | PTE_WRITABLE | ptable_nx());
	start += GUARDED_STEP / 4;
	kstack_counts = (uint16_t *)start;
	boot_map_range(kernel_root, start, (uint64_t)&kstack_counts[KSTACK_PIDS],
		       PTE_PRESENT | PTE_WRITABLE | ptable_nx());
}

void frame_table_build(const struct ram *ram)
{
	uint64_t at_frames = guarded_base();
	uint64_t at_links = at_frames + GUARDED_SIZE;
	uint64_t at_histories = at_links + LINKS_BYTES;
	uint64_t at_history_pids = at_histories + HISTORIES_BYTES;
	uint64_t at_counts = at_history_pids + HISTORY_PIDS_BYTES;
	unsigned at = 0, nr_holes = 0;
	struct ram_range run;
	uint32_t behind = 0;

	while (ram_next_run(ram, &at, &run)) {
		map(at_frames, sizeof(struct frame), 1, &run);
		map(at_links, sizeof(struct frame_link), 1, &run);
		map(at_histories, sizeof(uint16_t), 1, &run);
		map(at_history_pids, sizeof(uint8_t), 1, &run);
		map(at_counts, sizeof(uint16_t), RANGE_FRAMES, &run);
		if (run.start > behind) {
			holes[nr_holes++] = (struct frame_hole){ behind, run.start };
		}
		behind = run.end;
	}
	frames = gate_frames = (struct frame *)at_frames;
	frame_links = (struct frame_link *)at_links;
	frame_histories = (uint16_t *)at_histories;
	frame_history_pids = (uint8_t *)at_history_pids;
	frame_holes = holes;
	nr_frame_holes = nr_holes;
	nr_frames = ram->ranges[ram->nr - 1].end;
	kstacks_build();
	nr_frames_unbroken = nr_holes ? holes[0].start : nr_frames;
	frame_alloc_init((uint16_t *)at_counts);
}

static void note_places(uint64_t start, uint64_t end, uint8_t flags)
{
	for (uint64_t at = start; at < end;) {
		pte_t pte = ptable_lookup(kernel_root, at, NULL);

		if (pte_is_present(pte)) {
			frame_set_place(pte_frame(pte), at);
			frames_flag(pte_frame(pte), 1, flags, 0);
			at += PAGE_SIZE;
		} else {
			at = ptable_skip(kernel_root, at);
		}
	}
}

void frame_table_note_places(void)
{
	uint64_t start = kspace_base + FRAME_TABLE_OFFSET;

	note_places(start, start + FRAME_TABLE_SIZE, 0);
	if (KASAN) {
		note_places(MARKS_BASE, MARKS_BASE + MARKS_SIZE, FRAME_SLAB);
	}
}
