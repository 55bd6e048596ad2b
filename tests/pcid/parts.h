/* What the parts of the replay know of each other. */
#pragma once

#include "lib/list.h"
#include "replay.h"

enum {
	ENTRIES = 512,
	LEVELS = 4,
	NR_PCIDS = 16, /* 0 to 7, and the same with bit 11 */
	PCID_USER = 0x800,
	CR3_PCID = 0xfff,
	FRAME_SHIFT = 12,
	FRAME_BYTES = 1 << FRAME_SHIFT,
	HUGE_FRAMES = 512,
};
#define CR3_KEEPS (1ul << 63)
#define NO_TREE UINT64_MAX

enum {
	BIT_PRESENT = 1,
	BIT_WRITABLE = 2,
	BIT_USER = 4,
	BIT_ACCESSED = 1 << 5,
	BIT_DIRTY = 1 << 6,
	BIT_LARGE = 1 << 7
};
#define BIT_NX (1ul << 63)
#define ADDRESS_BITS 0x000ffffffffff000ul

/* Whose page tables: those that all kernel roots share, or those of one pair of roots, of which the
 * kernel's is named here. A window's is a pair of its own. */
#define TREE_KERNEL 0ul

enum frame_kind { FRAME_OTHER, FRAME_TABLE, FRAME_RETIRED };

/* A page table that some root leads to. */
struct table {
	uint64_t frame, tree;
	uint64_t base;           /* address that its first entry translates */
	unsigned level;          /* 1 to 4 */
	uint64_t value[ENTRIES]; /* without accessed and dirty */
	uint64_t since[ENTRIES]; /* event */
};

/* What a CPU may hold under one PCID. */
struct tagged {
	uint64_t root;              /* frame; 0: never loaded */
	uint64_t unloaded, flushed; /* events */
	bool is_loaded;
	bool root_was_freed;
	unsigned nr_stale, nr_reused, nr_poisoned;
	struct list stale;
};

struct stale {
	struct list of_tag, of_key, of_frame;
	struct tagged *tag;
	unsigned level;
	uint64_t address; /* first that the entry translates */
	uint64_t value;
	uint64_t tree;
	unsigned by;       /* CPU that changed the entry */
	uint64_t by_exits; /* of that CPU, then */
	uint64_t event;
	bool is_reused;   /* the frame is somebody else's */
	bool is_poisoned; /* the table is something else */
};

struct cpu {
	struct tagged tags[NR_PCIDS];
	struct tagged *loaded, *user; /* now, and in user mode last; NULL: not known */
	enum replay_mode mode;
	bool is_steerable;
	uint64_t exits;
	uint64_t looked_page, looked_event; /* looked at last, and nothing happened since */
};

extern struct cpu replay_cpus[REPLAY_CPUS_MAX];
extern uint64_t replay_event;
extern const uint8_t *replay_ram;
extern uint64_t replay_ram_bytes;

static inline bool is_leaf(uint64_t value, unsigned level)
{
	return level == 1 || value & BIT_LARGE;
}
static inline uint64_t frame_of(uint64_t value) { return (value & ADDRESS_BITS) >> FRAME_SHIFT; }
static inline unsigned shift_of(unsigned level) { return FRAME_SHIFT + 9 * (level - 1); }
static inline bool is_user_half(uint64_t address) { return !(address >> 63); }

/* tables.c */
void tables_init(void);
void table_root(uint64_t frame);
enum frame_kind frame_kind(uint64_t frame);
void frame_retire(uint64_t frame);
uint64_t entry_read(uint64_t table, unsigned index);
/* The leaf below an entry of a level, by what memory holds. 0: none. *level: of what it returns. */
uint64_t walk_from(uint64_t value, unsigned at, uint64_t address, unsigned *level);

/* stale.c: an entry of a table changed; frames and tables are used for something else. */
void stale_init(void);
void stale_add(unsigned cpu, const struct table *table, unsigned index, uint64_t old,
	       uint64_t since);
void stale_drop(struct stale *stale);
void stale_reuse(uint64_t frame, bool is_mapped);
void stale_poison(uint64_t table);
void stale_root_free(uint64_t root);
bool stale_leads_to(uint64_t frame);
/* The next one behind `from` (NULL: the first) that this PCID may hold of this entry. */
struct stale *stale_find(const struct tagged *tag, unsigned level, uint64_t address,
			 struct stale *from);

/* judge.c */
void judge_init(void (*report)(const char *text));
void judge_loaded(unsigned cpu);
void judge_root(unsigned cpu, uint64_t held);
