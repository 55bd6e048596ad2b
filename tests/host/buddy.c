/* sources: kernel/mm/frame/buddy.c kernel/mm/frame/frame.c
 *          kernel/mm/gate/gate.c kernel/mm/gate/kernel/frames.c tests/host/mm/gate.c
 *          tests/host/mm/gate_tables.c
 *          kernel/mm/frame/frame_history.c */
/*
 * The buddy allocator in every state that 8 frames of one kind or of both can be in, in a soak 16
 * of one; and what its assertions catch.
 */
#include "host_assert.h"
#include "tap.h"

#include "core/cpu.h"
#include "mm/frame/buddy.h"
#include "mm/frame/frame_history.h"

enum { NR_MAX = 16, ORDER_MAX = 4 };

/* What the model says of a frame. ALLOCATED + order marks the first frame of an allocated block. */
enum cell { CELL_REVEALED, CELL_HIDDEN, CELL_INSIDE, CELL_ALLOCATED };

static struct cpu cpu;
struct cpu *host_cpu = &cpu;

static struct frame table[NR_MAX];
static struct frame_link links[NR_MAX];
static uint16_t nr_free_in[(NR_MAX + RANGE_FRAMES - 1) / RANGE_FRAMES];
static struct buddy buddy;
static unsigned char model[NR_MAX];
static unsigned nr_cells;
static bool both_kinds;
static unsigned long nr_states, nr_operations, nr_wrong;

static void note_wrong(const char *what)
{
	if (nr_wrong++ < 5) {
		diag("%s in state:", what);
		for (unsigned i = 0; i < nr_cells; i++) {
			diag("  frame %u: cell %u", i, model[i]);
		}
	}
}

static enum free_kind kind_of(unsigned i)
{
	return model[i] == CELL_HIDDEN ? FREE_HIDDEN : FREE_REVEALED;
}

static bool is_free(unsigned i) { return model[i] == CELL_REVEALED || model[i] == CELL_HIDDEN; }

static void set_free(unsigned first, unsigned order, enum free_kind kind)
{
	for (unsigned i = first; i < first + (1u << order); i++) {
		table[i].owner = OWNER_FREE;
		table[i].flags = kind == FREE_HIDDEN ? FRAME_HIDDEN : 0;
		links[i] = (struct frame_link){ 0 };
	}
}

/* The real allocator in the model's state, frames freed one by one. */
static void build(void)
{
	memset(table, 0, sizeof(table));
	memset(nr_free_in, 0, sizeof(nr_free_in));
	buddy_init(&buddy, nr_free_in);
	for (unsigned i = 0; i < nr_cells; i++) {
		table[i].owner = OWNER_KERNEL;
	}
	for (unsigned i = 0; i < nr_cells; i++) {
		if (is_free(i)) {
			set_free(i, 0, kind_of(i));
			buddy_insert(&buddy, (pfn_t){ i }, 0, kind_of(i));
		}
	}
}

/* The order of the free block that frame i of the model starts, merged as far as can be; -1: it
 * starts none. */
static int block_order(unsigned i)
{
	int order = -1;

	for (int k = ORDER_MAX; k >= 0; k--) {
		bool whole = !(i & ((1u << k) - 1)) && i + (1u << k) <= nr_cells;

		for (unsigned j = i; whole && j < i + (1u << k); j++) {
			whole = is_free(j) && model[j] == model[i];
		}
		if (whole) {
			order = k;
			break;
		}
	}
	for (int k = order + 1; order >= 0 && k <= ORDER_MAX; k++) {
		unsigned start = i & ~((1u << k) - 1);
		bool inside = start != i && start + (1u << k) <= nr_cells;

		for (unsigned j = start; inside && j < start + (1u << k); j++) {
			inside = is_free(j) && model[j] == model[i];
		}
		if (inside) {
			return -1;
		}
	}
	return order;
}

/* Lists, flags and counts say exactly what the model says. */
static void check(const char *after)
{
	bool on_list[NR_MAX] = { false };
	unsigned long counted[NR_FREE_KINDS] = { 0 };

	for (unsigned kind = 0; kind < NR_FREE_KINDS; kind++) {
		for (unsigned order = 0; order < NR_BUDDY_ORDERS; order++) {
			uint32_t before = FRAME_LINK_NONE;

			for (uint32_t i = buddy.heads[kind][order]; i != FRAME_LINK_NONE;
			     before = i, i = links[i].next) {
				if (i >= nr_cells || on_list[i] || links[i].prev != before ||
				    !is_free(i) || kind_of(i) != kind ||
				    block_order(i) != (int)order || !links[i].is_head) {
					note_wrong(after);
					return;
				}
				on_list[i] = true;
				counted[kind] += 1u << order;
			}
		}
	}
	for (unsigned i = 0; i < nr_cells; i++) {
		if (on_list[i] != (is_free(i) && block_order(i) >= 0)) {
			note_wrong(after);
			return;
		}
	}
	if (nr_free_in[0] != counted[0] + counted[1]) {
		note_wrong("count of a range");
	}
	if (counted[0] != buddy.nr_free[0] || counted[1] != buddy.nr_free[1]) {
		note_wrong("count");
	}
}

static void try_take(unsigned order, enum free_kind kind)
{
	unsigned char saved[NR_MAX];
	bool possible = false, got;
	pfn_t first = { 0 };

	memcpy(saved, model, sizeof(model));
	for (unsigned i = 0; i < nr_cells; i++) {
		possible |= is_free(i) && kind_of(i) == kind && block_order(i) >= (int)order;
	}
	build();
	got = buddy_take(&buddy, order, kind, &first);
	nr_operations++;
	if (got != possible || (got && (first.pfn & ((1u << order) - 1)))) {
		note_wrong("take");
		return;
	}
	for (unsigned i = first.pfn; got && i < first.pfn + (1u << order); i++) {
		if (!is_free(i) || kind_of(i) != kind) {
			note_wrong("take of a frame that is not free");
		}
		model[i] = CELL_INSIDE;
		table[i].owner = OWNER_KERNEL;
	}
	check("take");
	memcpy(model, saved, sizeof(model));
}

/* An aligned range of free frames that no larger block holds. */
static bool is_mixed(unsigned first, unsigned order)
{
	for (unsigned i = first; i < first + (1u << order); i++) {
		if (!is_free(i) || block_order(i) > (int)order) {
			return false;
		}
	}
	return block_order(first) >= 0;
}

static void try_take_mixed(unsigned order)
{
	unsigned char saved[NR_MAX];
	uint32_t range = 0;
	bool possible = false, got;
	pfn_t first = { 0 };

	memcpy(saved, model, sizeof(model));
	for (unsigned i = 0; i + (1u << order) <= nr_cells; i += 1u << order) {
		possible |= is_mixed(i, order);
	}
	build();
	got = buddy_take_mixed(&buddy, order, &range, 1, &first);
	nr_operations++;
	if (got != possible || range != 1 || (got && !is_mixed(first.pfn, order))) {
		note_wrong("take of both kinds");
		return;
	}
	for (unsigned i = first.pfn; got && i < first.pfn + (1u << order); i++) {
		model[i] = CELL_INSIDE;
		table[i].owner = OWNER_KERNEL;
	}
	check("take of both kinds");
	memcpy(model, saved, sizeof(model));
}

static void try_insert(unsigned first, unsigned order, enum free_kind kind)
{
	unsigned char saved[NR_MAX];

	memcpy(saved, model, sizeof(model));
	build();
	set_free(first, order, kind);
	for (unsigned i = first; i < first + (1u << order); i++) {
		model[i] = kind == FREE_HIDDEN ? CELL_HIDDEN : CELL_REVEALED;
	}
	buddy_insert(&buddy, (pfn_t){ first }, order, kind);
	nr_operations++;
	check("insert");
	memcpy(model, saved, sizeof(model));
}

static void try_everything(void)
{
	nr_states++;
	build();
	check("build");
	for (unsigned order = 0; both_kinds && order <= ORDER_MAX; order++) {
		try_take_mixed(order);
	}
	for (unsigned kind = 0; kind < NR_FREE_KINDS; kind++) {
		for (unsigned order = 0; order <= ORDER_MAX; order++) {
			try_take(order, kind);
		}
		for (unsigned i = 0; i < nr_cells; i++) {
			if (model[i] >= CELL_ALLOCATED) {
				try_insert(i, model[i] - CELL_ALLOCATED, kind);
			}
		}
	}
}

/* Every way to fill [first, first + 2^order), then the rest. */
struct fill {
	unsigned first, order;
	const struct fill *then;
};

static void enumerate(const struct fill *fill)
{
	unsigned first, order;

	if (!fill) {
		try_everything();
		return;
	}
	first = fill->first;
	order = fill->order;
	memset(model + first, CELL_INSIDE, 1u << order);
	model[first] = (unsigned char)(CELL_ALLOCATED + order);
	enumerate(fill->then);
	if (order == 0) {
		model[first] = CELL_REVEALED;
		enumerate(fill->then);
		if (both_kinds) {
			model[first] = CELL_HIDDEN;
			enumerate(fill->then);
		}
	} else {
		struct fill upper = { first + (1u << (order - 1)), order - 1, fill->then };
		struct fill lower = { first, order - 1, &upper };

		enumerate(&lower);
	}
}

static void enumerate_all(unsigned order, bool both, unsigned long states_expected)
{
	struct fill all = { 0, order, NULL };

	nr_cells = 1u << order;
	nr_frames = nr_cells;
	both_kinds = both;
	nr_states = nr_operations = nr_wrong = 0;
	enumerate(&all);
	is(nr_states, states_expected, "every state of %u frames, %s", nr_cells,
	   both ? "both kinds" : "one kind");
	is(nr_wrong, 0, "%lu operations leave the free lists exactly right", nr_operations);
}

static void insert_used(void) { buddy_insert(&buddy, (pfn_t){ 0 }, 0, FREE_REVEALED); }

static void insert_misaligned(void) { buddy_insert(&buddy, (pfn_t){ 1 }, 1, FREE_REVEALED); }

static void insert_wrong_kind(void)
{
	set_free(0, 0, FREE_HIDDEN);
	buddy_insert(&buddy, (pfn_t){ 0 }, 0, FREE_REVEALED);
}

static void transition_from_wrong_owner(void)
{
	frame_transition((pfn_t){ 0 }, 0, OWNER_USER, OWNER_FREE);
}

static void transition_with_references(void)
{
	table[0].owner = OWNER_USER;
	table[0].refs = 1;
	frame_transition((pfn_t){ 0 }, 0, OWNER_USER, OWNER_FREE);
}

static void transition_hidden_to_kernel(void)
{
	set_free(0, 0, FREE_HIDDEN);
	frame_transition((pfn_t){ 0 }, 0, OWNER_FREE, OWNER_KERNEL);
}

static void transition_listed(void)
{
	set_free(0, 0, FREE_REVEALED);
	buddy_insert(&buddy, (pfn_t){ 0 }, 0, FREE_REVEALED);
	frame_transition((pfn_t){ 0 }, 0, OWNER_FREE, OWNER_KERNEL);
}

int main(void)
{
	frames = gate_frames = table;
	frame_links = links;
	/* a block of order n has 1 + s(n - 1)^2 states, s(0) = 2 */
	enumerate_all((unsigned)soak(ORDER_MAX, ORDER_MAX - 1), false, soak(458330, 677));
	enumerate_all(ORDER_MAX - 1, true, 10202);

	memset(model, CELL_INSIDE, sizeof(model));
	build();
	dies(insert_used, "assertion", "freeing a frame that is not FREE dies");
	dies(insert_misaligned, "assertion", "freeing a misaligned block dies");
	dies(insert_wrong_kind, "assertion", "freeing a hidden frame as revealed dies");
	dies(transition_from_wrong_owner, "assertion",
	     "a transition from an owner that the frame does not have dies");
	dies(transition_with_references, "assertion",
	     "freeing a user frame that is still mapped dies");
	dies(transition_hidden_to_kernel, "assertion", "the kernel cannot get a hidden frame");
	dies(transition_listed, "assertion", "a frame on a free list cannot change hands");
	return done_testing();
}
