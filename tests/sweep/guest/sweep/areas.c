/* Which parts of kernel memory are swept. */
#include "areas_add.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "places.h"

LEAVES(cpu);
LEAVES(cpu_entry);
LEAVES(thread);
LEAVES(process);
LEAVES(as);
LEAVES(region);
LEAVES(regs);
LEAVES(pool);
LEAVES(pool_header);
LEAVES(credential);
LEAVES(descriptor_page);
static const struct leaf data_leaves[] = { BW_DATA(LEAF) };
static const struct leaf constant_leaves[] = { BW_CONSTANTS(LEAF) };
static const struct leaf page_leaves[] = { { "[]", 0, 8, PAGE / 8, 8 } };
static const struct leaf stack_leaves[] = { { "[]", 0, 8, 256, 8 } };
static const struct leaf object_leaves[] = { { "[]", 0, 8, BW_SEALED_BYTES / 8, 8 } };
static const struct leaf register_leaves[] = { { "[]", 0, 4, 64, 16 } };

#define ENTRY_AREA 0xffffe00000000000ul
enum {
	CPU_TO_DESCRIPTORS = 0x19000, /* from struct cpu to the descriptor page: entry_area.def */
	NR_IDTS = 3,
	STACK_SWEPT = 2048,
	START_PAGE_PFN = 8,
	APIC_PFN = 0xfee00,
	DEVICES_MAX = 12,
	POOL_HEADER_OFFSET = 4096,
	ENTRY_OF_PROGRAM = 24,
};
#define PROGRAM_BASE 0x400000ul

struct area areas[AREAS_MAX];
unsigned nr_areas;

/* The one that area_refresh looks for; NULL: all are looked for. */
static struct area *refreshed;

/* Does a name that begins like this fit what is asked for, as far as one can tell? */
static bool is_asked_for(const char *kind, const char *instance)
{
	size_t len = strcspn(board->order.only, "*?[");
	char name[NAME_BYTES];
	int own = snprintf(name, sizeof(name), "%s:%s:", kind, instance);

	return strncmp(name, board->order.only, len < (size_t)own ? len : (size_t)own) == 0;
}

bool area_is_wanted(const char *kind, const char *instance)
{
	if (refreshed != NULL) {
		return strcmp(kind, refreshed->kind) == 0 &&
		       strcmp(instance, refreshed->instance) == 0;
	}
	return is_asked_for(kind, instance);
}

void area_add(struct area area)
{
	if (refreshed != NULL) {
		*refreshed = area;
	} else if (area.base != 0 && nr_areas < AREAS_MAX) {
		areas[nr_areas++] = area;
	}
}

static void add_thread(const char *name, uint64_t at, uint64_t other, unsigned flags)
{
	ADD("thread", name, at, other, thread_leaves, flags);
	ADD("regs", name, member(thread, at, regs), 0, regs_leaves, flags);
	ADD("stack", name, member(thread, at, stack_top) - STACK_SWEPT, 0, stack_leaves, flags);
}

static void add_cpus(void)
{
	static uint64_t own, other; /* stay */

	if (own == 0) {
		own = cpu_at(CPU_ATTACKER);
		other = cpu_at(CPU_OTHER);
	}
	ADD("cpu", "own", own, other, cpu_leaves, LASTING);
	ADD("cpu", "other", other, own, cpu_leaves, LASTING);
	ADD("cpu_entry", "own", own - PAGE, other - PAGE, cpu_entry_leaves, LASTING);
	ADD("cpu_entry", "other", other - PAGE, own - PAGE, cpu_entry_leaves, LASTING);
	add_thread("idle", member(cpu, other, idle), 0, LASTING);
	ADD("cpu_sealed", "own", board->self.leak.syscall_table_in_force, 0, word_leaves,
	    PROTECTED | LASTING);
}

static void add_process(const char *name, const struct who *who, const struct who *other,
			unsigned flags)
{
	ADD("process", name, who->leak.process, other->leak.process, process_leaves, flags);
	add_thread(name, thread_of(who), thread_of(other), flags);
	ADD("as", name, as_of(who), as_of(other), as_leaves, flags);
	ADD("region", name, member(as, as_of(who), regions_next),
	    member(as, as_of(other), regions_next), region_leaves, flags);
	ADD("table", name, alias_of(table_of(who)), alias_of(table_of(other)), page_leaves,
	    flags | area_guarded());
	ADD("root", name, alias_of(root_of(who)), alias_of(root_of(other)), page_leaves,
	    flags | area_guarded());
	ADD("shadow", name, alias_of(root_of(who) + 1), alias_of(root_of(other) + 1), page_leaves,
	    flags | area_guarded());
	ADD("slab", name, who->leak.process & ~(PAGE - 1ul), 0, page_leaves, flags);
	ADD("credential", name,
	    symbol_word(credential_entries) + (uint64_t)who->pid * BW_SIZEOF_credential, 0,
	    credential_leaves, flags | PROTECTED);
}

static void add_sealed(void)
{
	static const char *const names[BW_NR_SEALED] = { "ro", "wr", "auto-ro", "auto-wr",
							 "start-wr" };
	const struct bw_sealed *sealed = &board->self.sealed;

	for (unsigned i = 0; i < BW_NR_SEALED; i++) {
		ADD("sealed", names[i], sealed->of_mode[i].object, 0, object_leaves,
		    PROTECTED | LASTING);
		ADD("sealed-alias", names[i], sealed->of_mode[i].alias, 0, object_leaves,
		    PROTECTED | LASTING);
		ADD("pool", names[i], sealed->of_mode[i].pool, 0, pool_leaves, PROTECTED | LASTING);
	}
	ADD("pool", "credentials", member(gate_credentials, symbol(gate_credentials), pool), 0,
	    pool_leaves, PROTECTED | LASTING);
	ADD("pool", "witness", symbol_word(witness__pool), 0, pool_leaves, PROTECTED | LASTING);
	ADD("pool_header", "all", symbol_word(pool_base) + POOL_HEADER_OFFSET, 0,
	    pool_header_leaves, PROTECTED | LASTING);
	ADD("policy", "own", board->self.leak.syscall_table, 0, page_leaves, PROTECTED | LASTING);
}

static void add_descriptors(unsigned id, const char *mapped, const char *alias)
{
	ADD("descriptors", mapped, cpu_at(id) + CPU_TO_DESCRIPTORS, 0, descriptor_page_leaves,
	    PROTECTED | LASTING);
	ADD("descriptors", alias, alias_of(frame_of(cpu_at(id) + CPU_TO_DESCRIPTORS)), 0,
	    descriptor_page_leaves, PROTECTED | LASTING);
}

static void add_entry_area(void)
{
	static const char *const names[NR_IDTS] = { "alias0", "alias1", "alias2" };

	add_descriptors(CPU_ATTACKER, "own", "own-alias");
	add_descriptors(CPU_OTHER, "other", "other-alias");
	ADD("idt", "mapped", ENTRY_AREA, 0, page_leaves, PROTECTED | LASTING);
	for (unsigned i = 0; i < NR_IDTS; i++) {
		ADD("idt", names[i], alias_of(frame_of(ENTRY_AREA + i * PAGE)), 0, page_leaves,
		    PROTECTED | LASTING);
	}
	ADD("start-page", "alias", alias_of(START_PAGE_PFN), 0, page_leaves, PROTECTED | LASTING);
}

static void add_devices(void)
{
#ifdef BW_SYMBOL_apic__base
	ADD("apic", "registers", symbol_word(apic__base), 0, register_leaves,
	    LASTING | DEVICE | PROTECTED);
#endif
	static const char *const names[DEVICES_MAX] = { "0", "1", "2", "3", "4",  "5",
							"6", "7", "8", "9", "10", "11" };
	static uint32_t nr, pfns[DEVICES_MAX]; /* stay */
	uint64_t device = symbol(devices);

	for (unsigned i = 0; nr == 0 && i < DEVICES_MAX; i++) {
		pfns[i] = (uint32_t)member(device, device + i * BW_SIZEOF_device, first);
	}
	nr = nr ? nr : read_number(symbol(nr_devices));
	for (unsigned i = 0; i < nr && i < DEVICES_MAX; i++, device += BW_SIZEOF_device) {
		uint32_t pfn = pfns[i];
		const char *kind = pfn == START_PAGE_PFN ? "start-page" : "device";

		if (pfn == APIC_PFN) {
			continue;
		}
		ADD(kind, names[i], member(device, device, start), 0, register_leaves,
		    LASTING | DEVICE | (*kind == 'd' ? ORDINARY : PROTECTED));
	}
}

static void add_program(const char *name, const char *path, const char *entry, const char *alias)
{
	ADD("archive", name, archive_bytes(path), 0, page_leaves, PROTECTED | LASTING);
	ADD("archive", alias, alias_of(frame_of(archive_bytes(path))) + archive_bytes(path) % PAGE,
	    0, object_leaves, PROTECTED | LASTING);
	if (is_mapped(archive_bytes(path))) {
		ADD("archive", entry,
		    archive_bytes(path) + read_word(archive_bytes(path) + ENTRY_OF_PROGRAM) -
			    PROGRAM_BASE,
		    0, word_leaves, PROTECTED | LASTING);
	}
}

static void look(void)
{
	add_cpus();
	add_process("self", &board->self, &board->root, ORDINARY);
	add_process("peer", &board->peer, &board->root, ORDINARY);
	add_process("root", &board->root, &board->self, LASTING);
	areas_add_frames();
	add_sealed();
	add_entry_area();
	add_devices();
	add_program("canary", "bin/canary", "canary-entry", "canary-alias");
	add_program("caged", "bin/caged", "caged-entry", "caged-alias");
	ADD("data", "image", board->self.leak.image_base, 0, data_leaves, LASTING);
	ADD("constant", "image", board->self.leak.image_base, 0, constant_leaves,
	    PROTECTED | LASTING);
	ADD("text", "image", board->self.leak.image_base + PAGE, 0, page_leaves,
	    PROTECTED | LASTING);
}

static int by_kind(const void *a, const void *b)
{
	const struct area *one = a, *other = b;
	int order = strcmp(one->kind, other->kind);

	return order ? order : strcmp(one->instance, other->instance);
}

void areas_find(void)
{
	nr_areas = 0;
	refreshed = NULL;
	look();
	qsort(areas, nr_areas, sizeof(areas[0]), by_kind);
}

void area_refresh(struct area *area)
{
	refreshed = area;
	look();
	refreshed = NULL;
}

uint64_t areas_nr_words(void)
{
	uint64_t nr = 0;

	for (unsigned i = 0; i < nr_areas; i++) {
		for (unsigned j = 0; j < areas[i].nr_leaves; j++) {
			nr += areas[i].leaves[j].count;
		}
	}
	return nr;
}

struct word areas_word(uint64_t nth)
{
	for (unsigned i = 0; i < nr_areas; i++) {
		for (unsigned j = 0; j < areas[i].nr_leaves; j++) {
			if (nth < areas[i].leaves[j].count) {
				return (struct word){ &areas[i], &areas[i].leaves[j],
						      (uint32_t)nth };
			}
			nth -= areas[i].leaves[j].count;
		}
	}
	return (struct word){ NULL, NULL, 0 };
}

void word_name(const struct word *word, char *name)
{
	const char *brackets = strstr(word->leaf->name, "[]");
	int before = brackets ? (int)(brackets - word->leaf->name) : (int)strlen(word->leaf->name);

	snprintf(name, NAME_BYTES, "%s:%s:%.*s", word->area->kind, word->area->instance, before,
		 word->leaf->name);
	if (brackets) {
		snprintf(name + strlen(name), NAME_BYTES - strlen(name), "[%u]%s", word->nth,
			 brackets + 2);
	}
}
