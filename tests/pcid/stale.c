/* The stale entries: what may still be cached although the page tables say otherwise. */
#include <stdlib.h>

#include "parts.h"

enum { BUCKETS = 1 << 14 };
#define DIRECT_MAP_END 0xffffc00000000000ul

static struct list by_key[BUCKETS], by_frame[BUCKETS];

static struct list *key_bucket(const struct tagged *tag, unsigned level, uint64_t address)
{
	uint64_t key = address >> shift_of(level) ^ (uint64_t)level << 50 ^ (uint64_t)tag << 20;

	return &by_key[(key * 0x9e3779b97f4a7c15) >> 50];
}

static struct list *frame_bucket(uint64_t frame) { return &by_frame[frame & (BUCKETS - 1)]; }

void stale_init(void)
{
	for (unsigned id = 0; id < REPLAY_CPUS_MAX; id++) {
		for (unsigned i = 0; i < NR_PCIDS; i++) {
			struct tagged *tag = &replay_cpus[id].tags[i];

			while (tag->stale.next && !list_is_empty(&tag->stale)) {
				stale_drop(LIST_ENTRY(tag->stale.next, struct stale, of_tag));
			}
			*tag = (struct tagged){ 0 };
			list_init(&tag->stale);
		}
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		list_init(&by_key[i]);
		list_init(&by_frame[i]);
	}
}

void stale_drop(struct stale *stale)
{
	list_remove(&stale->of_tag);
	list_remove(&stale->of_key);
	list_remove(&stale->of_frame);
	stale->tag->nr_stale--;
	stale->tag->nr_reused -= stale->is_reused;
	stale->tag->nr_poisoned -= stale->is_poisoned;
	free(stale);
}

struct stale *stale_find(const struct tagged *tag, unsigned level, uint64_t address,
			 struct stale *from)
{
	struct list *bucket = key_bucket(tag, level, address);
	struct list *at = from ? from->of_key.next : bucket->next;

	for (; at != bucket; at = at->next) {
		struct stale *stale = LIST_ENTRY(at, struct stale, of_key);

		if (stale->tag == tag && stale->level == level &&
		    stale->address >> shift_of(level) == address >> shift_of(level)) {
			return stale;
		}
	}
	return NULL;
}

/* By its root. A shadow root is odd; the kernel half is not below it. */
static bool can_walk(const struct tagged *tag, const struct table *table)
{
	if (!tag->root) {
		return false;
	}
	if (table->level == LEVELS) {
		return tag->root == table->frame;
	}
	return table->tree == TREE_KERNEL ? !(tag->root & 1) : (tag->root & ~1ul) == table->tree;
}

/* Was the PCID loaded while the value was there, and not flushed since? */
static bool may_hold(const struct tagged *tag, uint64_t since)
{
	return tag->is_loaded || (tag->unloaded > since && tag->unloaded > tag->flushed);
}

static struct stale *same_one(const struct tagged *tag, unsigned level, uint64_t address,
			      uint64_t value)
{
	struct stale *stale = stale_find(tag, level, address, NULL);

	while (stale && stale->value != value) {
		stale = stale_find(tag, level, address, stale);
	}
	return stale;
}

static void tag_add(struct tagged *tag, struct stale new)
{
	/* the entry was right again in between */
	struct stale *stale = same_one(tag, new.level, new.address, new.value);

	if (stale) {
		stale_drop(stale);
	}
	stale = malloc(sizeof(*stale));
	*stale = new;
	stale->tag = tag;
	list_push_front(&tag->stale, &stale->of_tag);
	list_push_front(key_bucket(tag, new.level, new.address), &stale->of_key);
	list_push_front(frame_bucket(frame_of(new.value)), &stale->of_frame);
	tag->nr_stale++;
	replay_counts.stale++;
}

void stale_add(unsigned cpu, const struct table *table, unsigned index, uint64_t old,
	       uint64_t since)
{
	uint64_t address = table->base + ((uint64_t)index << shift_of(table->level));
	struct stale new = { .level = table->level,
			     .address = (uint64_t)((int64_t)(address << 16) >> 16),
			     .value = old,
			     .tree = table->tree,
			     .by = cpu,
			     .by_exits = replay_cpus[cpu].exits,
			     .event = replay_event };

	for (unsigned id = 0; id < REPLAY_CPUS_MAX; id++) {
		for (unsigned i = 0; i < NR_PCIDS; i++) {
			struct tagged *tag = &replay_cpus[id].tags[i];

			if (can_walk(tag, table) && may_hold(tag, since)) {
				tag_add(tag, new);
			}
		}
	}
}

static void loaded_judge(const struct tagged *tag)
{
	for (unsigned id = 0; id < REPLAY_CPUS_MAX; id++) {
		if (replay_cpus[id].loaded == tag) {
			judge_loaded(id);
		}
	}
}

/*
 * Of the direct map: once the frame is mapped for somebody else, as a frame stays in the direct map
 * from one owner to the next, unless hidden. Of the rest of the kernel half: once it has another
 * owner.
 */
static bool shows_reused(const struct stale *stale, uint64_t frame, bool is_mapped)
{
	uint64_t offset = frame - frame_of(stale->value);

	return !is_user_half(stale->address) && is_leaf(stale->value, stale->level) &&
	       offset < (stale->level == 1 ? 1 : HUGE_FRAMES) &&
	       is_mapped == (stale->address < DIRECT_MAP_END) && !stale->is_reused;
}

static void bucket_reuse(struct list *bucket, uint64_t frame, bool is_mapped)
{
	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		struct stale *stale = LIST_ENTRY(at, struct stale, of_frame);

		if (shows_reused(stale, frame, is_mapped)) {
			stale->is_reused = true;
			stale->tag->nr_reused++;
			loaded_judge(stale->tag);
		}
	}
}

void stale_reuse(uint64_t frame, bool is_mapped)
{
	uint64_t huge = frame / HUGE_FRAMES * HUGE_FRAMES;

	bucket_reuse(frame_bucket(frame), frame, is_mapped);
	if (huge != frame) {
		bucket_reuse(frame_bucket(huge), frame, is_mapped);
	}
}

static bool is_of_table(const struct stale *stale, uint64_t table)
{
	return !is_leaf(stale->value, stale->level) && frame_of(stale->value) == table;
}

bool stale_leads_to(uint64_t frame)
{
	struct list *bucket = frame_bucket(frame);

	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		if (is_of_table(LIST_ENTRY(at, struct stale, of_frame), frame)) {
			return true;
		}
	}
	return false;
}

void stale_poison(uint64_t table)
{
	struct list *bucket = frame_bucket(table);

	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		struct stale *stale = LIST_ENTRY(at, struct stale, of_frame);

		if (is_of_table(stale, table) && !stale->is_poisoned) {
			stale->is_poisoned = true;
			stale->tag->nr_poisoned++;
			loaded_judge(stale->tag);
		}
	}
}

void stale_root_free(uint64_t root)
{
	for (unsigned id = 0; id < REPLAY_CPUS_MAX; id++) {
		for (unsigned i = 0; i < NR_PCIDS; i++) {
			struct tagged *tag = &replay_cpus[id].tags[i];

			tag->root_was_freed |= tag->root == root;
		}
	}
}
