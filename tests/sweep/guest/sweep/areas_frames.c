/* Page tables on the way to what is worth something, rows of the frame table, links of free lists,
 * and what the gate has of its own. */
#include "areas_add.h"
#include "places.h"

LEAVES(frame);
/* A block of the gate is a page that is not mapped, a stack, and a page of answers. */
static const struct leaf page_leaves[] = { { "[]", 0, 8, PAGE / 8, 8 } };

bool areas_are_guarded(void)
{
	static int in_force = -1; /* stays */

	if (in_force < 0) {
		in_force = (int)read_number(symbol(gate_in_force));
	}
	return in_force != 0;
}

enum area_flags area_guarded(void) { return areas_are_guarded() ? PROTECTED : ORDINARY; }

/* The entries that lead to an address, level by level. */
static void add_path(const char *kind, uint64_t root_pfn, uint64_t address)
{
	static const char *const levels[LEVELS] = { "level4", "level3", "level2", "level1" };
	uint64_t places[LEVELS];

	for (unsigned i = 0; i < LEVELS; i++) {
		ADD(kind, levels[i], (walk(root_pfn, address, places), places[i]), 0, word_leaves,
		    LASTING | area_guarded());
	}
}

#define ADD_FRAME(name, pfn)                                                                       \
	ADD("frame", name, row_of(pfn), row_of(board->self.page_pfn), frame_leaves,                \
	    LASTING | area_guarded())

static void add_links(void)
{
	uint64_t links = symbol_word(frame_links);
	uint64_t free = read_number(cpu_at(CPU_ATTACKER) + BW_OFFSET_cpu__frame_cache);

	ADD("link", "own-page", links + board->self.page_pfn * BW_SIZEOF_frame_link, 0, word_leaves,
	    LASTING);
	ADD("link", "root-page", links + board->root.page_pfn * BW_SIZEOF_frame_link, 0,
	    word_leaves, LASTING);
	ADD("link", "free-hidden", links + free * BW_SIZEOF_frame_link, 0, word_leaves, LASTING);
}

/* The end of the attacker's processor's stack in the gate, and what comes behind it, where all of
 * the kernel reads them. */
static void add_gate(void)
{
	uint64_t end = symbol_word(gate_kept_start) & ~(uint64_t)(PAGE - 1);

	if (area_guarded()) {
		ADD("gate", "stack", end - PAGE, 0, page_leaves, LASTING | PROTECTED);
		ADD("gate", "answers", end, 0, page_leaves, LASTING | PROTECTED);
	}
}

void areas_add_frames(void)
{
	const struct who *self = &board->self, *root = &board->root;

	add_path("entry-of-own", root_of(self), self->page);
	add_path("entry-of-root", root_of(root), root->page);
	add_path("entry-of-sealed", kernel_root_pfn(), self->sealed.of_mode[0].object);
	add_path("entry-of-uid", kernel_root_pfn(), self->leak.process_uid);
	ADD_FRAME("own-page", self->page_pfn);
	ADD_FRAME("own-table", table_of(self));
	ADD_FRAME("own-root", root_of(self));
	ADD_FRAME("root-page", root->page_pfn);
	ADD_FRAME("root-table", table_of(root));
	ADD_FRAME("root-root", root_of(root));
	ADD_FRAME("sealed", self->sealed.of_mode[BW_SEALED_RO].pfn);
	ADD_FRAME("write-rare", self->sealed.of_mode[BW_SEALED_WR].pfn);
	ADD_FRAME("credentials", frame_of(self->leak.process_uid));
	ADD_FRAME("root-credentials", frame_of(root->leak.process_uid));
	ADD_FRAME("stack", frame_of(self->leak.stack_top - PAGE));
	ADD_FRAME("object", frame_of(self->leak.process));
	ADD_FRAME("free-hidden", read_number(cpu_at(CPU_ATTACKER) + BW_OFFSET_cpu__frame_cache));
	ADD_FRAME("kernel-root", kernel_root_pfn());
	add_links();
	add_gate();
}
