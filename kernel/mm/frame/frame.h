/*
 * The frame table: one word per 4 KiB frame from frame 0 to the highest RAM frame, but for
 * large holes. Every frame has exactly one owner; only the gate writes it.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

enum owner {
	OWNER_RESERVED, /* firmware, devices, holes, the image, boot modules: never allocated */
	OWNER_FREE,     /* on a free list or in the quarantine, hidden or revealed */
	OWNER_KERNEL,   /* the kernel's own objects: slabs, stacks, tables */
	OWNER_PTABLE,   /* page tables of both kinds of root */
	OWNER_ENTRY,    /* what the entry area maps, but for its text */
	OWNER_USER,     /* pages of processes */
	OWNER_POOL,     /* write-once pools */
	NR_OWNERS,
};

enum frame_flags {
	FRAME_HIDDEN = 1, /* absent from the direct map, but while xpfo_kmap holds it */
	FRAME_FRESH = 2,  /* USER, with ptprot: nothing maps it yet, and one entry may; of 2 MiB
			     number is that of the root that may have it */
	FRAME_MAPPED = 2, /* KERNEL, ENTRY, POOL, with ptprot: beside the direct map */
	FRAME_TAIL = 4,   /* USER: a 2 MiB page's frames but the first */
	FRAME_DIRTY = 4,  /* FREE, hidden, with ptprot: it was a user's or a pool's, and nobody gets
			     or  sees it before it has waited and is zeroed */
	FRAME_SLAB = 16,  /* KERNEL: of a slab; with FRAME_PLACED: marks, marks.h */
	FRAME_UNKMAPPED =
		16,       /* USER: filled by a device, and the variant of XPFO waits for a kunmap */
	FRAME_SEALED = 8, /* POOL, ENTRY, KERNEL: nobody may have it writable any more */
	FRAME_COPIED = 32, /* KERNEL: may be copied to and from user space, usercopy_check.h */
	FRAME_PLACED = 64, /* KERNEL, ENTRY: mapped once beside the direct map; prev says where */
};

/*
 * With ptprot, the number of a FREE frame that is hidden: 0: it is zero, and no TLB has it in the
 * direct map. FRAME_SETTLING: it is being zeroed. Any other: it waits for the generation of the
 * kernel half that ends with these 32 bits.
 */
#define FRAME_SETTLING UINT32_MAX
/* Of a POOL frame: it was taken, and gets the number of its area next. */
#define FRAME_NO_AREA UINT32_MAX

/*
 * Invariants by owner:
 *   FREE    hidden: zeroed, on no TLB (in quarantine: neither yet; xpfo=v9: neither); revealed: in
 *           the direct map. number is 0, but with ptprot of a hidden one that is not both yet.
 *   USER    refs counts the user page-table entries that map it (on the first frame of a 2 MiB
 *           page). FRESH: number is that of a root; of one of 2 MiB the second frame's says how
 *           many pieces are clean.
 *   KERNEL, ENTRY  number is that of the first frame of its allocation.
 *   PTABLE  flags say where it may be: enum table_flags. number, of a table of the user half, is
 *           that of the kernel root that leads to it; of one of the kernel half, which address its
 *           first entry is for, in units of 2 MiB. nr_used counts its entries that are not empty;
 *           a kernel root's, with ptprot, besides OWED for each fresh page of 2 MiB and each new
 *           root that was made with it loaded. Of a table without a place number is a generation
 *           that it waits for, or 0; FRAME_SETTLING: it is being zeroed.
 *           One reserved for a 2 MiB page of the direct map is linked while that is split, and
 *           nr_used is how many frames hold it so (direct_split.h).
 *   POOL    number is its area's. Sealed: stays so until the frame is freed.
 *   others  number is 0.
 */
struct frame {
	uint8_t owner; /* enum owner */
	uint8_t flags; /* enum frame_flags */
	union {
		struct {
			uint8_t order; /* first frame of an allocation: 0 .. 10 */
			uint8_t kmaps; /* USER: xpfo_kmap holds; kmap lock */
		};
		uint16_t nr_used; /* PTABLE */
	};
	union {
		uint32_t refs; /* USER */
		uint32_t number;
	};
};
static_assert(sizeof(struct frame) == 8, "a frame's state is one word");
union frame_word {
	struct frame frame;
	uint64_t word;
};
/* The word that has these members: FRAME_WORD(.flags = FRAME_SEALED) */
#define FRAME_WORD(...) (((union frame_word){ .frame = { __VA_ARGS__ } }).word)

/*
 * Links of free lists, and what else is only looked up: a table beside the frame table.
 *   FREE, first frame of a block on a list: its neighbours there, and the block's order
 *   KERNEL, ENTRY, placed: prev is the number of the page where it is mapped, frame_place
 *   POOL: prev is its page's number in its area
 *   USER: the audit's, while the world stands still
 */
struct frame_link {
	uint64_t next : 29, prev : 29;
	uint64_t order : 4;
	uint64_t is_head : 1; /* on a free list */
	uint64_t is_seen : 1; /* the audit's, while the world stands still */
};
static_assert(sizeof(struct frame_link) == 8, "links are one word");
#define FRAME_LINK_NONE ((1u << 29) - 1)
static_assert(PFN_MAX <= 1ul << 29, "a link holds the number of any frame");

#define OWED 512u /* more than there are entries; see PTABLE above */

extern struct frame *frames;
extern struct frame *gate_frames; /* the same where the gate writes it, gate_distance further on */
extern struct frame_link *frame_links;
extern uint32_t nr_frames; /* behind the last entry of the table */

/* Frames [start, end) that are in no memory: nothing is mapped where the table would have them. */
struct frame_hole {
	uint32_t start, end;
};
extern struct frame_hole *frame_holes; /* sorted */
extern unsigned nr_frame_holes;
extern uint32_t nr_frames_unbroken; /* in front of the first hole: these need no look at the list */

/* The first frame that the table knows, from this one on; nr_frames or beyond: there is none. */
uint32_t frame_skip_hole(uint32_t from);
static inline uint32_t frame_known(uint32_t from)
{
	return LIKELY(from < nr_frames_unbroken) ? from : frame_skip_hole(from);
}
/* For every entry of the table: `i` is its frame's number. */
#define FOR_EACH_FRAME(i) for (uint32_t i = 0; (i = frame_known(i)) < nr_frames; i++)

static inline bool pfn_is_valid(pfn_t frame)
{
	return LIKELY(frame.pfn < nr_frames_unbroken) ||
	       (frame.pfn < nr_frames && frame_skip_hole(frame.pfn) == frame.pfn);
}
static inline struct frame *frame_entry(pfn_t frame) { return &frames[frame.pfn]; }
static inline struct frame_link *frame_link(pfn_t frame) { return &frame_links[frame.pfn]; }

/* Of a PTABLE frame. */
enum table_flags {
	TABLE_LEVEL = 7,     /* 1 .. 4: of a table that has a place; 4: a root. 0: it has none */
	TABLE_USER = 8,      /* of the user half */
	TABLE_LINKED = 16,   /* its parent leads to it; a root: of an address space */
	TABLE_SHADOW = 32,   /* the shadow root of a pair */
	TABLE_RESERVED = 64, /* for a 2 MiB page of the direct map */
	TABLE_CLEAN = 8,     /* of one without a place: it is zero, and the gate's alone */
	/*
	 * Of a kernel root, which is in one of these states; none of them: it is an address
	 * space's, and who has it loaded may change its user half.
	 */
	ROOT_NEW = 128,  /* no processor has loaded it yet: number is its maker, the root that was
			    loaded when it was taken */
	ROOT_DYING = 64, /* nothing comes to its user half any more */
	ROOT_IDLE = 8,   /* in a stock, and nobody's */
	ROOT_PROGRAM = ROOT_NEW | ROOT_IDLE, /* new, and filled with a program of the archive: the
						number of the shadow root says with which, and how
						far (gate/program.c) */
	ROOT_STATES = ROOT_NEW | ROOT_DYING | ROOT_IDLE
};
static inline unsigned table_level(const struct frame *frame) { return frame->flags & TABLE_LEVEL; }
static inline bool table_is_reserved(const struct frame *frame)
{
	return (frame->flags & (TABLE_RESERVED | TABLE_LEVEL)) == (TABLE_RESERVED | 1);
}

/* A page table that no entry leads to, and that has none. */
static inline bool table_is_loose(const struct frame *frame)
{
	return frame->owner == OWNER_PTABLE && !(frame->flags & TABLE_LINKED) && !frame->nr_used &&
	       !table_is_reserved(frame);
}

/* With ptprot: one that may get a place, once the generation that number says, if it is not 0, is
 * complete. */
static inline bool table_is_clean(const struct frame *frame)
{
	return table_is_loose(frame) && frame->flags == TABLE_CLEAN;
}

/* Of a page table that has a place, how many of its entries are not empty. */
static inline unsigned frame_nr_entries(const struct frame *frame)
{
	bool is_root = table_level(frame) == 4;

	return is_root ? frame->nr_used % OWED : frame->nr_used;
}

/* Of these the gate knows whether they are mapped beside the direct map. */
static inline bool frame_notes_mapped(const struct frame *frame)
{
	return frame->owner == OWNER_KERNEL || frame->owner == OWNER_ENTRY ||
	       frame->owner == OWNER_POOL;
}

/* Moves 2^order frames from one owner to another; asserts the invariants of both. */
void frame_transition(pfn_t first, unsigned order, enum owner from, enum owner to);

/* What debug builds ask of one that the gate alone moves, and note: frame_changes_hands. */
void frame_check_hands(pfn_t frame, enum owner from, enum owner to);

/* Stacks, the entry area, the frame table: the frame, KERNEL or ENTRY, is mapped at this address
 * from now on, and nowhere else but in the direct map. */
static inline uint32_t frame_place(uint64_t address)
{
	return address >> PAGE_SHIFT & FRAME_LINK_NONE;
}
void frames_flag(pfn_t first, uint32_t nr, unsigned set, unsigned clear); /* gate/gate.h */
static inline void frame_set_place(pfn_t frame, uint64_t address)
{
	frames_flag(frame, 1, FRAME_PLACED, 0);
	frame_link(frame)->prev = frame_place(address);
}

/* Nobody's page table is, whose flags say other things. */
static inline bool frame_is_hidden(const struct frame *frame)
{
	return frame->owner != OWNER_PTABLE && frame->flags & FRAME_HIDDEN;
}
static inline bool frame_is_of_slab(const struct frame *frame)
{
	return (frame->flags & (FRAME_SLAB | FRAME_PLACED)) == FRAME_SLAB;
}
static inline bool frame_is_of_marks(const struct frame *frame)
{
	return (frame->flags & (FRAME_SLAB | FRAME_PLACED)) == (FRAME_SLAB | FRAME_PLACED);
}

/* A frame, POOL, ENTRY or KERNEL, is sealed from now on. There is no way back but to free it. */
void frame_seal(pfn_t frame);

const char *owner_name(enum owner owner);
