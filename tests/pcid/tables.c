/* The guest's page tables: which frames are some, where each is, and what its entries were. */
#include <stdlib.h>
#include <string.h>

#include "parts.h"

#define WINDOW_BASE 0xffffd00000000000ul
#define POOLS_FIRST 0xffffd80000000000ul
#define POOLS_END 0xffffe00000000000ul
enum { INDEX_SHIFT = 9, OWNER_FREE = 1, OWNER_KERNEL = 2, OWNER_PTABLE = 3 };

static uint8_t *kinds;        /* by frame */
static struct table **tables; /* by frame; NULL: none */

static uint64_t nr_frames(void) { return replay_ram_bytes >> FRAME_SHIFT; }

void tables_init(void)
{
	for (uint64_t frame = 0; tables && frame < nr_frames(); frame++) {
		free(tables[frame]);
	}
	free(kinds);
	free(tables);
	kinds = calloc(nr_frames(), sizeof(*kinds));
	tables = calloc(nr_frames(), sizeof(struct table *));
}

enum frame_kind frame_kind(uint64_t frame)
{
	return frame < nr_frames() ? kinds[frame] : FRAME_OTHER;
}

bool replay_is_table(uint64_t pa) { return frame_kind(pa >> FRAME_SHIFT) == FRAME_TABLE; }

uint64_t entry_read(uint64_t table, unsigned index)
{
	uint64_t value;

	if (table >= nr_frames()) {
		return 0;
	}
	memcpy(&value, replay_ram + (table << FRAME_SHIFT) + index * sizeof(value), sizeof(value));
	return value & ~(uint64_t)(BIT_ACCESSED | BIT_DIRTY);
}

uint64_t walk_from(uint64_t value, unsigned at, uint64_t address, unsigned *level)
{
	while (value & BIT_PRESENT && !is_leaf(value, at)) {
		at--;
		value = entry_read(frame_of(value), address >> shift_of(at) & (ENTRIES - 1));
	}
	*level = at;
	return value & BIT_PRESENT ? value : 0;
}

static uint64_t canonical(uint64_t address) { return (uint64_t)((int64_t)(address << 16) >> 16); }

static uint64_t address_of(const struct table *table, unsigned index)
{
	return canonical(table->base + ((uint64_t)index << shift_of(table->level)));
}

/* Of the table that an entry leads to. */
static uint64_t tree_below(const struct table *table, unsigned index)
{
	uint64_t address = address_of(table, index);

	if (table->level < LEVELS || is_user_half(address)) {
		return table->tree;
	}
	return address == WINDOW_BASE ? table->tree : TREE_KERNEL;
}

/* Nothing leads to it any more, but for what is cached. */
void frame_retire(uint64_t frame)
{
	if (frame_kind(frame) == FRAME_TABLE) {
		free(tables[frame]);
		tables[frame] = NULL;
		kinds[frame] = stale_leads_to(frame) ? FRAME_RETIRED : FRAME_OTHER;
	}
}

static void link_below(const struct table *table, unsigned index);

static void table_add(uint64_t frame, unsigned level, uint64_t base, uint64_t tree)
{
	struct table *table;

	if (frame >= nr_frames()) {
		return;
	}
	table = tables[frame];
	if (table && table->level == level && table->base == base && table->tree == tree) {
		return;
	}
	stale_poison(frame);
	frame_retire(frame);
	table = calloc(1, sizeof(*table));
	*table = (struct table){ .frame = frame, .tree = tree, .base = base, .level = level };
	tables[frame] = table;
	kinds[frame] = FRAME_TABLE;
	for (unsigned i = 0; i < ENTRIES; i++) {
		table->value[i] = entry_read(frame, i);
		table->since[i] = replay_event;
		link_below(table, i);
	}
}

void table_root(uint64_t frame) { table_add(frame, LEVELS, 0, frame & ~1ul); }

/* A leaf shows its frames to others than the kernel. */
static void frames_reuse(const struct table *table, uint64_t address, uint64_t value)
{
	bool is_pool = address >= POOLS_FIRST && address < POOLS_END;
	uint64_t nr = table->level == 1 ? 1 : HUGE_FRAMES;

	for (uint64_t i = 0; table->level <= 2 && (is_user_half(address) || is_pool) && i < nr;
	     i++) {
		stale_reuse(frame_of(value) + i, true);
	}
}

static void link_below(const struct table *table, unsigned index)
{
	uint64_t value = table->value[index], address = address_of(table, index);

	if (!(value & BIT_PRESENT)) {
		return;
	}
	if (is_leaf(value, table->level)) {
		frames_reuse(table, address, value);
	} else {
		table_add(frame_of(value), table->level - 1, address, tree_below(table, index));
	}
}

/* Does the new value take away anything that the old one gave? */
static bool is_stricter(uint64_t old, uint64_t new, unsigned level)
{
	if (!(new &BIT_PRESENT) || frame_of(old) != frame_of(new) ||
	    is_leaf(old, level) != is_leaf(new, level)) {
		return true;
	}
	return is_leaf(old, level) && (old & ~new &(BIT_WRITABLE | BIT_USER) || new & ~old &BIT_NX);
}

void replay_store(unsigned cpu, uint64_t pa)
{
	uint64_t frame = pa >> FRAME_SHIFT;
	unsigned index = pa >> 3 & (ENTRIES - 1);
	struct table *table = frame_kind(frame) == FRAME_TABLE ? tables[frame] : NULL;
	uint64_t old, since;

	if (!table || table->value[index] == entry_read(frame, index)) {
		return;
	}
	replay_event++;
	replay_counts.stores++;
	old = table->value[index];
	since = table->since[index];
	table->value[index] = entry_read(frame, index);
	table->since[index] = replay_event;
	if (old & BIT_PRESENT && is_stricter(old, table->value[index], table->level)) {
		stale_add(cpu, table, index, old, since);
		if (!is_leaf(old, table->level) && frame_of(old) != frame_of(table->value[index])) {
			frame_retire(frame_of(old));
		}
	}
	link_below(table, index);
}

void replay_owner(unsigned cpu, uint64_t frame, unsigned order, unsigned from, unsigned to)
{
	(void)cpu, (void)to;
	replay_event++;
	for (uint64_t i = frame; i < frame + (1ul << order); i++) {
		if (from == OWNER_PTABLE) {
			stale_poison(i);
			stale_root_free(i);
			frame_retire(i);
		} else if (from == OWNER_FREE || from == OWNER_KERNEL) {
			stale_reuse(i, false);
		}
	}
}
