/* Chooses the next store. */
#include "choose.h"

#include <fnmatch.h>
#include <string.h>

#include "places.h"
#include "values.h"

enum { DRAWS_MAX = 20000, CHOICES_MAX = 1 << 14 };

/* SplitMix64: the nth number of a seed, without those before it. */
static uint64_t draw(uint64_t seed, uint64_t nth)
{
	uint64_t x = seed + nth * 0x9e3779b97f4a7c15ul;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ul;
	x = (x ^ x >> 27) * 0x94d049bb133111ebul;
	return x ^ x >> 31;
}

/* ---- What can be drawn: made once ---- */

static struct choice {
	struct area *area;
	const struct leaf *leaf;
} choices[CHOICES_MAX];
static unsigned nr_choices;
/* Where the choices of each kind begin, if all of them can be drawn. */
static unsigned kinds[AREAS_MAX], nr_kinds;

/* Can a word of the leaf have the name that is asked for? Up to the first that is open, it must be
 * the same. */
static bool can_fit(const struct area *area, const struct leaf *leaf)
{
	const struct word word = { (struct area *)area, leaf, 0 };
	char name[NAME_BYTES];
	size_t len = strcspn(board->order.only, "*?["), own;

	word_name(&word, name);
	own = strstr(leaf->name, "[]") ? strcspn(name, "[") : strlen(name);
	return strncmp(name, board->order.only, len < own ? len : own) == 0;
}

void choices_make(void)
{
	nr_choices = nr_kinds = 0;
	for (unsigned i = 0; i < nr_areas; i++) {
		if (i == 0 || strcmp(areas[i].kind, areas[i - 1].kind) != 0) {
			kinds[nr_kinds++] = nr_choices;
		}
		for (unsigned j = 0; j < areas[i].nr_leaves && nr_choices < CHOICES_MAX; j++) {
			if (can_fit(&areas[i], &areas[i].leaves[j])) {
				choices[nr_choices++] =
					(struct choice){ &areas[i], &areas[i].leaves[j] };
			}
		}
	}
}

/* Kinds have the same chance, then members, and which of an array. */
static struct word draw_word(uint64_t seed)
{
	unsigned kind = nr_kinds ? (unsigned)(draw(seed, 0) % nr_kinds) : 0;
	unsigned first = kinds[kind], end = kind + 1 < nr_kinds ? kinds[kind + 1] : nr_choices;
	struct choice choice;

	if (first >= end) {
		return (struct word){ NULL, NULL, 0 };
	}
	choice = choices[first + draw(seed, 1) % (end - first)];
	return (struct word){ choice.area, choice.leaf,
			      (uint32_t)(draw(seed, 2) % choice.leaf->count) };
}

/* * and ? stand for anything in what is asked for, brackets for themselves. */
static bool is_asked_for(const char *name)
{
	char pattern[2 * NAME_BYTES];
	size_t len = 0;

	for (const char *at = board->order.only; *at; at++) {
		if (*at == '[') {
			pattern[len++] = '\\';
		}
		pattern[len++] = *at;
	}
	pattern[len] = '\0';
	return len == 0 || fnmatch(pattern, name, 0) == 0;
}

/* False: it does not fit what is asked for. */
static bool aim(struct store *store, struct word *word)
{
	memset(store, 0, sizeof(*store));
	if (word->area == NULL) {
		return false;
	}
	word_name(word, store->name);
	if (!is_asked_for(store->name)) {
		return false;
	}
	if (strcmp(word->area->instance, "peer") == 0) {
		peer_need();
	}
	area_refresh(word->area);
	store->address = word->area->base + word_offset(word);
	store->size = word->leaf->size;
	store->is_protected = word->area->is_protected;
	store->is_device = word->area->is_device;
	store->is_lasting = word->area->is_lasting && !store->is_device;
	/* reading a device may change it */
	store->has_old = !store->is_device && is_mapped(store->address);
	if (store->has_old) {
		memcpy(&store->old, &(uint64_t){ read_word(store->address) }, store->size);
	}
	return word->area->base != 0 && store->size <= 8;
}

/* Random: the nth of a seed, drawn until it fits. */
static bool choose_random(struct store *store, uint64_t index)
{
	uint64_t seed = draw(board->order.seed, index);

	for (uint64_t try = 0; try < DRAWS_MAX; try++) {
		struct word word = draw_word(draw(seed, 2 * try));
		uint64_t dice = draw(seed, 2 * try + 1);

		if (aim(store, &word) &&
		    value_set(store, &word, (unsigned)(dice % values_count()), dice >> 8)) {
			return true;
		}
	}
	return false;
}

/* Exhaustive: the first that fits, from the nth on. */
static bool choose_next(struct store *store, uint64_t *index)
{
	uint64_t end = areas_nr_words() * values_count();
	uint64_t last = UINT64_MAX;
	struct word word;
	bool fits = false;

	board->nr_words = end;
	for (; *index < end; ++*index) {
		uint64_t nth = *index / values_count();

		if (nth != last) {
			word = areas_word(nth);
			fits = aim(store, &word);
			last = nth;
		}
		if (!fits) {
			*index = (nth + 1) * values_count() - 1;
		} else if (value_set(store, &word, (unsigned)(*index % values_count()),
				     draw(board->order.seed, *index))) {
			return true;
		}
	}
	return false;
}

bool store_choose(void)
{
	uint64_t index = board->order.index;
	bool is_found;

	is_found = board->order.is_exhaustive ? choose_next(&board->store, &index)
					      : choose_random(&board->store, index);
	board->index = index;
	board->row = 0;
	if (is_found && strstr(board->store.value_name, "frame-credentials") != NULL) {
		board->row = row_of(frame_of(board->self.leak.process_uid));
		board->row_words[0] = read_word(board->row);
		board->row_words[1] = read_word(board->row + sizeof(uint64_t));
	}
	return is_found;
}
