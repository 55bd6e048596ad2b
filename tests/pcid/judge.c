/* What a stale entry could do: compared with what the page tables say. */
#include <stdio.h>
#include <string.h>

#include "parts.h"

enum { REPORTS_MAX = 64, ERROR_WRITE = 2, ERROR_USER = 4, ERROR_FETCH = 16 };

static void (*report)(const char *text);
/* Where faults were found: one at each. */
static uint64_t places[REPORTS_MAX];
static unsigned nr_places;

void judge_init(void (*to)(const char *text))
{
	report = to;
	nr_places = 0;
}

static bool is_new(uint64_t place)
{
	for (unsigned i = 0; i < nr_places; i++) {
		if (places[i] == place) {
			return false;
		}
	}
	if (nr_places == REPORTS_MAX) {
		return false;
	}
	places[nr_places++] = place;
	replay_counts.violations++;
	return true;
}

static unsigned pcid_of(const struct cpu *cpu, const struct tagged *tag)
{
	unsigned index = (unsigned)(tag - cpu->tags);

	return index < NR_PCIDS / 2 ? index : (index - NR_PCIDS / 2) | PCID_USER;
}

static void say(unsigned id, const struct tagged *tag, const struct stale *entry, const char *what)
{
	unsigned pcid = pcid_of(&replay_cpus[id], tag);
	char text[400];
	int len = snprintf(text, sizeof(text), "CPU %u, PCID %#x: %s", id, pcid, what);

	if (entry) {
		snprintf(text + len, sizeof(text) - (size_t)len,
			 ": entry of level %u for %#lx, once %#lx, of CPU %u, %lu events ago",
			 entry->level, (unsigned long)entry->address, (unsigned long)entry->value,
			 entry->by, (unsigned long)(replay_event - entry->event));
	}
	report(text);
}

/* --- accesses --- */

struct access {
	uint64_t address, rip;
	enum replay_access kind;
	bool is_user;
};

static bool permits(uint64_t value, const struct access *access)
{
	return value & BIT_PRESENT && (value & BIT_USER || !access->is_user) &&
	       (value & BIT_WRITABLE || access->kind != REPLAY_WRITE) &&
	       (!(value & BIT_NX) || access->kind != REPLAY_FETCH);
}

static uint64_t page_of(uint64_t value, unsigned level, uint64_t address)
{
	return frame_of(value) + (address >> FRAME_SHIFT & ((1ul << 9 * (level - 1)) - 1));
}

/* While the CPU that changed an entry of the user half is in the kernel it may still flush. */
static bool is_over(const struct stale *stale, uint64_t current)
{
	if (is_user_half(stale->address)) {
		return replay_cpus[stale->by].exits != stale->by_exits;
	}
	return current || stale->is_reused;
}

static void judge_entry(unsigned id, const struct tagged *tag, const struct stale *stale,
			const struct access *access)
{
	unsigned old_level, level;
	uint64_t address = access->address;
	uint64_t old = walk_from(stale->value, stale->level, address, &old_level);
	uint64_t current =
		walk_from(tag->root << FRAME_SHIFT | BIT_PRESENT, LEVELS + 1, address, &level);
	const char *kinds[] = { "read", "write", "fetch" };
	char what[160];

	if (!permits(old, access) ||
	    (permits(current, access) &&
	     page_of(old, old_level, address) == page_of(current, level, address))) {
		return;
	}
	if (!is_over(stale, current)) {
		replay_counts.pending++;
		return;
	}
	if (is_new(access->rip ^ (uint64_t)access->kind << 60)) {
		snprintf(what, sizeof(what),
			 "a stale entry could serve the %s of %#lx at rip %#lx, now %#lx",
			 kinds[access->kind], (unsigned long)address, (unsigned long)access->rip,
			 (unsigned long)current);
		say(id, tag, stale, what);
	}
}

static void judge_access(unsigned id, const struct tagged *tag, const struct access *access)
{
	for (unsigned level = 1; tag->nr_stale && level <= LEVELS; level++) {
		struct stale *stale = stale_find(tag, level, access->address, NULL);

		for (; stale; stale = stale_find(tag, level, access->address, stale)) {
			judge_entry(id, tag, stale, access);
		}
	}
}

/* A page that was looked at, with nothing new since, is as it was: reads and writes go by one. */
bool replay_wants(unsigned id, uint64_t address)
{
	const struct cpu *cpu = &replay_cpus[id];
	const struct tagged *loaded = cpu->loaded;

	(void)address;
	return loaded && loaded->nr_stale;
}

void replay_access(unsigned id, uint64_t address, enum replay_access kind, uint64_t rip)
{
	struct cpu *cpu = &replay_cpus[id];
	uint64_t page = address >> FRAME_SHIFT << 2 | kind;

	if (!cpu->loaded || (cpu->looked_event == replay_event && cpu->looked_page == page)) {
		return;
	}
	cpu->looked_event = replay_event;
	cpu->looked_page = page;
	replay_counts.accesses++;
	judge_access(id, cpu->loaded,
		     &(struct access){ .address = address,
				       .rip = rip,
				       .kind = kind,
				       .is_user = cpu->mode == REPLAY_USER && is_user_half(rip) });
}

/* The kernel says so when it is on its own root already. */
void replay_fault(unsigned id, uint64_t address, unsigned error)
{
	struct cpu *cpu = &replay_cpus[id];
	const struct tagged *tag = error & ERROR_USER && cpu->user ? cpu->user : cpu->loaded;
	struct access access = { .address = address,
				 .rip = address,
				 .kind = error & ERROR_WRITE   ? REPLAY_WRITE
					 : error & ERROR_FETCH ? REPLAY_FETCH
							       : REPLAY_READ,
				 .is_user = error & ERROR_USER };

	replay_event++;
	if (tag) {
		replay_counts.accesses++;
		judge_access(id, tag, &access);
	}
}

/* --- what needs no access --- */

void judge_root(unsigned id, uint64_t held)
{
	char what[100];

	if (is_new(~0ul)) {
		snprintf(what, sizeof(what),
			 "NOFLUSH keeps what another root left there, that of frame %#lx",
			 (unsigned long)held);
		say(id, replay_cpus[id].loaded, NULL, what);
	}
}

void judge_loaded(unsigned id)
{
	struct cpu *cpu = &replay_cpus[id];
	struct tagged *tag = cpu->loaded;
	struct list *at;

	if (!tag || !(tag->nr_poisoned || (tag->nr_reused && cpu->is_steerable))) {
		return;
	}
	for (at = tag->stale.next; at != &tag->stale; at = at->next) {
		struct stale *stale = LIST_ENTRY(at, struct stale, of_tag);

		if (stale->is_poisoned && is_new(1)) {
			say(id, tag, stale,
			    "a page table that is something else by now can be walked");
		}
		if (stale->is_reused && cpu->is_steerable && is_new(2)) {
			say(id, tag, stale, "a frame that is somebody else's can be reached");
		}
	}
}
