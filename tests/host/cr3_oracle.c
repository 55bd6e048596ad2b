/* sources: kernel/mm/table/cr3_load.c */

/* The oracle of CR3 loads: it dies when NOFLUSH would keep what is another root's, or stale. */
#include "host_assert.h"
#include "tap.h"

#include "core/cpu.h"
#include "mm/table/cr3_load.h"

enum { ROOT = 0x100000, OTHER_ROOT = 0x200000, PCID = 1, OTHER_PCID = 2 };

static struct cpu cpu;
struct cpu *host_cpu = &cpu;
bool pcid_is_on = true;
static cr3_t loaded;

uint64_t cr3_value(void) { return loaded.value; }
void cr3_write(cr3_t cr3) { loaded = (cr3_t){ cr3.value & ~CR3_NOFLUSH }; }

static cr3_t value(uint64_t root, uint16_t pcid)
{
	return cr3_make((pa_t){ root }, (pcid_t){ pcid });
}

static void load(uint64_t root, uint16_t pcid, uint64_t generation)
{
	cr3_load_as(value(root, pcid), generation);
}

static void keep(uint64_t root, uint16_t pcid, uint64_t generation)
{
	cr3_load_as(cr3_noflush(value(root, pcid)), generation);
}

static void keep_other_root(void) { keep(OTHER_ROOT, PCID, 5); }
static void keep_older(void) { keep(ROOT, PCID, 6); }
static void leave_older(void) { cr3_oracle_check(cr3_noflush(value(ROOT, PCID)), 6); }
static void keep_forgotten_while_loaded(void)
{
	load(ROOT, PCID, 5);
	cr3_oracle_forget((pcid_t){ PCID });
	keep(ROOT, PCID, 6);
}

int main(void)
{
	keep(ROOT, PCID, 5);
	ok(true, "an empty PCID may be loaded with NOFLUSH");
	keep(ROOT, PCID, 5);
	ok(true, "so may one that holds the same root at the same generation");
	dies(keep_other_root, "tag->root == cr3_root(cr3).pa", "not one that holds another root");
	dies(keep_older, "tag->generation == generation", "nor an older generation");
	dies(leave_older, "tag->generation == generation", "nor is it left for the exit path");
	cr3_oracle_raise((pcid_t){ PCID }, 6);
	keep(ROOT, PCID, 6);
	ok(true, "after single pages were flushed it is as young as they are");
	load(ROOT, OTHER_PCID, 5);
	cr3_oracle_forget((pcid_t){ PCID });
	keep(OTHER_ROOT, PCID, 1);
	ok(true, "a PCID that was flushed may be another root's");
	dies(keep_forgotten_while_loaded, "tag->generation == generation",
	     "the loaded one fills up again at once: its flush proves nothing");
	return done_testing();
}
