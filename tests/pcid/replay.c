/* What CPUs do to their translation caches. */
#include "replay.h"

#include "parts.h"

struct cpu replay_cpus[REPLAY_CPUS_MAX];
uint64_t replay_event;
const uint8_t *replay_ram;
uint64_t replay_ram_bytes;
struct replay_counts replay_counts;

enum invpcid_type { OF_ADDRESS, OF_PCID, OF_ALL_AND_GLOBAL, OF_ALL };

void replay_init(const void *ram, uint64_t ram_bytes, void (*report)(const char *text))
{
	stale_init();
	for (unsigned id = 0; id < REPLAY_CPUS_MAX; id++) {
		struct cpu *cpu = &replay_cpus[id];

		cpu->loaded = cpu->user = NULL;
		cpu->mode = REPLAY_KERNEL;
		cpu->is_steerable = false;
		cpu->exits = cpu->looked_page = cpu->looked_event = 0;
	}
	replay_event = 1;
	replay_ram = ram;
	replay_ram_bytes = ram_bytes;
	replay_counts = (struct replay_counts){ 0 };
	tables_init();
	judge_init(report);
}

static struct tagged *tag_of(struct cpu *cpu, unsigned pcid)
{
	return &cpu->tags[(pcid & (NR_PCIDS / 2 - 1)) + (pcid & PCID_USER ? NR_PCIDS / 2 : 0)];
}

static void forget(struct tagged *tag)
{
	while (!list_is_empty(&tag->stale)) {
		stale_drop(LIST_ENTRY(tag->stale.next, struct stale, of_tag));
	}
	tag->flushed = replay_event;
	tag->root_was_freed = false;
}

void replay_cr3(unsigned id, uint64_t cr3)
{
	struct cpu *cpu = &replay_cpus[id];
	struct tagged *tag = tag_of(cpu, cr3 & CR3_PCID);
	uint64_t root = frame_of(cr3);

	replay_event++;
	replay_counts.loads++;
	replay_counts.noflush += (cr3 & CR3_KEEPS) != 0;
	if (cpu->loaded) {
		cpu->loaded->is_loaded = false;
		cpu->loaded->unloaded = replay_event;
	}
	if (!(cr3 & CR3_KEEPS)) {
		forget(tag);
	} else if (tag->root && tag->unloaded > tag->flushed &&
		   (tag->root != root || tag->root_was_freed)) {
		judge_root(id, tag->root);
		forget(tag);
	}
	tag->root = root;
	tag->root_was_freed = false;
	tag->is_loaded = true;
	cpu->loaded = tag;
	if (root & 1) {
		cpu->user = tag;
	}
	table_root(root);
	judge_loaded(id);
}

/* Of entries for pages those that translate the address; for tables all, or those on the way. */
static void forget_page(struct tagged *tag, uint64_t address, bool all_tables)
{
	struct list *at = tag->stale.next;

	while (at != &tag->stale) {
		struct stale *stale = LIST_ENTRY(at, struct stale, of_tag);
		unsigned shift = shift_of(stale->level);

		at = at->next;
		if (stale->address >> shift == address >> shift ||
		    (all_tables && !is_leaf(stale->value, stale->level))) {
			stale_drop(stale);
		}
	}
}

void replay_invlpg(unsigned id, uint64_t address)
{
	replay_event++;
	replay_counts.flushes++;
	if (replay_cpus[id].loaded) {
		forget_page(replay_cpus[id].loaded, address, true);
	}
}

void replay_invpcid(unsigned id, unsigned type, unsigned pcid, uint64_t address)
{
	struct cpu *cpu = &replay_cpus[id];

	replay_event++;
	replay_counts.flushes++;
	switch (type) {
	case OF_ADDRESS: forget_page(tag_of(cpu, pcid), address, false); break;
	case OF_PCID: forget(tag_of(cpu, pcid)); break;
	default:
		for (unsigned i = 0; i < NR_PCIDS; i++) {
			forget(&cpu->tags[i]);
		}
	}
}

/* Going back to kernel code that was interrupted changes nothing. */
void replay_mode(unsigned id, enum replay_mode mode)
{
	struct cpu *cpu = &replay_cpus[id];

	replay_event++;
	if (mode != REPLAY_KERNEL) {
		cpu->exits++;
	}
	if (mode != cpu->mode) {
		cpu->is_steerable = false;
	}
	cpu->mode = mode;
}

void replay_steerable(unsigned id, bool is_steerable)
{
	replay_cpus[id].is_steerable = is_steerable;
	judge_loaded(id);
}
