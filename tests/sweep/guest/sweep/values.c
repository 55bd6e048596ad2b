/* What words are set to. */
#include "values.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "places.h"

/* Which IOPL lets user mode use ports; and what starts a program's first instruction: exit(0). */
#define RFLAGS_IOPL 0x3000ul
#define CODE_EXIT 0x909090050f583c6aul
#define ENTRY_NEW 0x8000000000000007ul /* present, writable, user, not executable */
#define DIRECT_MAP_BYTES (1ul << 40)
#define PULSE "pulse/"
enum { PULSE_SHIFT = 40 };

typedef bool (*maker)(struct store *store, const struct word *word, uint64_t dice);

static bool set(struct store *store, uint64_t value)
{
	store->value = value;
	return true;
}

static bool zero(struct store *store, const struct word *word, uint64_t dice)
{
	(void)word, (void)dice;
	return set(store, 0);
}

static bool one(struct store *store, const struct word *word, uint64_t dice)
{
	(void)word, (void)dice;
	return set(store, 1);
}

static bool ones(struct store *store, const struct word *word, uint64_t dice)
{
	(void)word, (void)dice;
	return set(store, ~0ul);
}

/* What is left to the dice, the value's name tells. */
static uint64_t draw_of(struct store *store, const char *value, uint64_t dice, unsigned sides)
{
	const char *asked = strrchr(board->order.value, '-');
	unsigned drawn = asked ? (unsigned)atoi(asked + 1) : (unsigned)(dice % sides);

	snprintf(store->value_name, sizeof(store->value_name), "%s-%u", value, drawn);
	return drawn % sides;
}

static bool flip(struct store *store, const struct word *word, uint64_t dice)
{
	unsigned bits = (unsigned)(8 * store->size);

	(void)word;
	return set(store, store->old ^ 1ul << draw_of(store, "flip", dice, bits));
}

static bool more(struct store *store, const struct word *word, uint64_t dice)
{
	(void)word, (void)dice;
	return set(store, store->old + 1);
}

static bool neighbour(struct store *store, const struct word *word, uint64_t dice)
{
	uint64_t at = word->area->neighbour ? word->area->neighbour + word_offset(word)
					    : store->address + store->size;

	(void)dice;
	return is_mapped(at) && set(store, read_word(at));
}

static bool is_in_direct_map(uint64_t value)
{
	return value - board->self.leak.direct_map_base < DIRECT_MAP_BYTES;
}

/* As the word tells frames: by number, by address in the direct map, or in an entry of a page table
 * and in CR3. */
static bool set_frame(struct store *store, uint64_t pfn)
{
	uint64_t old = store->old;

	if (store->size < 4 || pfn == 0) {
		return false;
	}
	if (store->size == 4) {
		return set(store, pfn);
	}
	if (is_in_direct_map(old)) {
		return set(store, alias_of(pfn) + old % PAGE);
	}
	if (old & ENTRY_MASK && old >> 56 != 0xff) {
		return set(store, (old & ~ENTRY_MASK) | pfn * PAGE);
	}
	return set(store, old == 0 ? ENTRY_NEW | pfn * PAGE : pfn);
}

#define FRAME(name, pfn)                                                                           \
	static bool name(struct store *store, const struct word *word, uint64_t dice)              \
	{                                                                                          \
		(void)word, (void)dice;                                                            \
		return set_frame(store, pfn);                                                      \
	}
FRAME(frame_own, board->self.page_pfn)
FRAME(frame_of_root, board->root.page_pfn)
FRAME(frame_own_table, table_of(&board->self))
FRAME(frame_table_of_root, table_of(&board->root))
FRAME(frame_own_root, root_of(&board->self))
FRAME(frame_root_of_root, root_of(&board->root))
FRAME(frame_sealed, board->self.sealed.of_mode[BW_SEALED_RO].pfn)
FRAME(frame_credentials, frame_of(board->self.leak.process_uid))

/* Pointers take the place of pointers, and of nothing. */
static bool set_pointer(struct store *store, uint64_t pointer)
{
	bool is_place = store->old == 0 || store->old >> 47 == 0x1ffff;

	return store->size == 8 && is_place && pointer != 0 && set(store, pointer);
}

#define POINTER(name, pointer)                                                                     \
	static bool name(struct store *store, const struct word *word, uint64_t dice)              \
	{                                                                                          \
		(void)word, (void)dice;                                                            \
		return set_pointer(store, pointer);                                                \
	}
POINTER(process_of_root, board->root.leak.process)
POINTER(thread_of_root, thread_of(&board->root))
POINTER(as_of_root, as_of(&board->root))
POINTER(pool_of_credentials, member(gate_credentials, symbol(gate_credentials), pool))
POINTER(pool_claimed, board->self.sealed.claimed.pool)
POINTER(pool_sealed, board->self.sealed.of_mode[BW_SEALED_RO].pool)
POINTER(sealed_object, board->self.sealed.of_mode[BW_SEALED_RO].object)
POINTER(uid_place, board->self.leak.process_uid & ~7ul)
POINTER(own_address, board->self.page)
POINTER(table_all, board->self.leak.syscall_table_all)

static bool iopl(struct store *store, const struct word *word, uint64_t dice)
{
	(void)dice;
	return store->size == 8 && (store->old & ~0xffffful) == 0 && store->old & 2 &&
	       (strcmp(word->area->kind, "stack") == 0 || strcmp(word->area->kind, "regs") == 0) &&
	       set(store, store->old | RFLAGS_IOPL);
}

static bool code(struct store *store, const struct word *word, uint64_t dice)
{
	(void)dice;
	return store->size == 8 && strcmp(word->area->kind, "archive") == 0 &&
	       set(store, CODE_EXIT);
}

static bool name(struct store *store, const struct word *word, uint64_t dice)
{
	static const char *const names[] = { "caged", "canary", "sh", "init" };
	char text[8 + 1] = "";

	if (store->size != 8 || strncmp(word->leaf->name, "name", 4) != 0) {
		return false;
	}
	strncpy(text, names[draw_of(store, "name", dice, 4)], 8);
	memcpy(&store->value, text, 8);
	return true;
}

static const struct {
	const char *name;
	maker make;
} values[] = {
	{ "zero", zero },
	{ "one", one },
	{ "ones", ones },
	{ "flip", flip },
	{ "more", more },
	{ "neighbour", neighbour },
	{ "frame-own", frame_own },
	{ "frame-of-root", frame_of_root },
	{ "frame-own-table", frame_own_table },
	{ "frame-table-of-root", frame_table_of_root },
	{ "frame-own-root", frame_own_root },
	{ "frame-root-of-root", frame_root_of_root },
	{ "frame-sealed", frame_sealed },
	{ "frame-credentials", frame_credentials },
	{ "process-of-root", process_of_root },
	{ "thread-of-root", thread_of_root },
	{ "as-of-root", as_of_root },
	{ "pool-of-credentials", pool_of_credentials },
	{ "pool-claimed", pool_claimed },
	{ "pool-sealed", pool_sealed },
	{ "sealed-object", sealed_object },
	{ "uid-place", uid_place },
	{ "own-address", own_address },
	{ "table-all", table_all },
	{ "iopl", iopl },
	{ "code", code },
	{ "name", name },
};

unsigned values_count(void) { return sizeof(values) / sizeof(values[0]); }

/* What is asked for, without its "pulse/". */
static const char *value_asked_for(void)
{
	const char *asked = board->order.value;

	return strncmp(asked, PULSE, strlen(PULSE)) == 0 ? asked + strlen(PULSE) : asked;
}

/* "flip-3" is a flip; nothing is anything. */
static bool is_asked_for(const char *name)
{
	const char *asked = value_asked_for();
	size_t len = strlen(name);

	return asked[0] == '\0' || (strncmp(asked, name, len) == 0 &&
				    (asked[len] == '\0' || isdigit((unsigned char)asked[len + 1])));
}

/* One in four, of words that keep what they are set to; those whose change for good stops the
 * machine at once show what else they do then. */
static bool is_pulsed(const struct store *store, uint64_t dice)
{
	if (!store->has_old || !store->is_lasting || store->is_protected) {
		return false;
	}
	if (board->order.value[0] != '\0' || board->order.is_exhaustive) {
		return value_asked_for() != board->order.value;
	}
	return dice >> PULSE_SHIFT & 1 && dice >> PULSE_SHIFT & 2;
}

bool value_set(struct store *store, const struct word *word, unsigned nth, uint64_t dice)
{
	uint64_t mask = store->size == 8 ? ~0ul : (1ul << 8 * store->size) - 1;
	char name[sizeof(store->value_name)];

	snprintf(store->value_name, sizeof(store->value_name), "%s", values[nth].name);
	if (!is_asked_for(values[nth].name) || !values[nth].make(store, word, dice)) {
		return false;
	}
	store->value &= mask;
	store->is_pulsed = is_pulsed(store, dice);
	if (store->is_pulsed) {
		memcpy(name, store->value_name, sizeof(name));
		snprintf(store->value_name, sizeof(store->value_name), PULSE "%.20s", name);
	}
	return !store->has_old || store->value != store->old;
}
