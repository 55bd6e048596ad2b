/*
 * With ptprot: roots and page tables, each transition of theirs that nothing in the kernel asks
 * for. A pair of tables is cleared here, made the roots of an address space, and is tables again.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "task/process/process.h"

enum { PAIR_ORDER = 1 };

static pfn_t loaded(void) { return process_current()->as->root; }

static unsigned nr_owed(void) { return frame_entry(loaded())->nr_used / OWED; }

static enum gate_refusal made(pfn_t pair) { return asked_of(GATE_ROOT_MAKE, pair.pfn, 0, 0, 0); }
static enum gate_refusal ended(pfn_t pair) { return asked_of(GATE_ROOT_END, pair.pfn, 0, 0, 0); }

static enum gate_refusal changed(pfn_t root, uint64_t state)
{
	return asked_of(GATE_ROOT_CHANGE, root.pfn, state, 0, 0);
}

/* Is there no way from the state in which this root is to any of these? */
static bool stays(pfn_t root, unsigned to, unsigned or_to, unsigned or_even_to)
{
	return changed(root, to) == GATE_NO_CHANGE && changed(root, or_to) == GATE_NO_CHANGE &&
	       changed(root, or_even_to) == GATE_NO_CHANGE;
}

/* A root in this state, of this maker or its own, that has so many entries and owes so much. */
static struct frame root_as(pfn_t root, unsigned state, pfn_t number, unsigned nr_used)
{
	struct frame word = *frame_entry(root);

	word.flags = (uint8_t)((word.flags & ~ROOT_STATES) | state);
	word.number = number.pfn;
	word.nr_used = (uint16_t)nr_used;
	return word;
}

static enum gate_refusal changed_as(pfn_t root, struct frame word, uint64_t state)
{
	return asked_with(root, word, GATE_ROOT_CHANGE, root.pfn, state);
}

static enum gate_refusal tables_cleared(pfn_t first)
{
	return asked_of(GATE_TABLES_CLEAR, first.pfn, 1u << PAIR_ORDER, 0, 0);
}

/* Frames of page tables that the direct map writes to. */
static void clear(pfn_t pair)
{
	ktest_ok(made(pair) == GATE_IN_USE, "tables that are not clean become no roots");
	ktest_ok(asked_of(GATE_TABLES_CLEAR, nr_frames, 1, 0, 0) == GATE_NO_FRAME &&
			 asked_of(GATE_TABLES_CLEAR, pair.pfn, nr_frames, 0, 0) == GATE_NO_FRAME,
		 "no table lies behind all frames");
	direct_map_guard(pair);
	direct_map_guard(pfn_add(pair, 1));
	ktest_ok(tables_cleared(pair) == GATE_NOT_YET && tables_cleared(pair) == GATE_NOT_YET,
		 "a table is cleared when no processor can write to it any more");
	ktest_ok(made(pair) == GATE_IN_USE, "nor is it made a root before");
	while (!tables_clear(pair, 1u << PAIR_ORDER)) {
		ktlb_wait(ktlb_downgrade());
	}
}

/* Clean tables. */
static void make(pfn_t pair)
{
	struct frame dying = root_as(loaded(), ROOT_DYING, loaded(), 0),
		     owing = root_as(loaded(), 0, loaded(), UINT16_MAX - OWED + 1);
	unsigned before = nr_owed();

	ktest_ok(made(pfn_add(pair, 1)) == GATE_NO_FRAME, "the first of a pair is the kernel's");
	ktest_ok(asked_with(loaded(), dying, GATE_ROOT_MAKE, pair.pfn, 0) == GATE_NOT_OURS &&
			 asked_with(loaded(), owing, GATE_ROOT_MAKE, pair.pfn, 0) == GATE_NOT_OURS,
		 "who dies, or owes all that he can, makes no address space");
	ktest_ok(made(pair) == GATE_DONE && nr_owed() == before + 1,
		 "the loaded address space owes a new one");
	ktest_ok(made(pair) == GATE_IN_USE && nr_owed() == before + 1, "it is made once");
	ktest_ok(tables_cleared(pair) == GATE_IN_USE, "roots are not cleared");
}

/* As a process with many threads in fork at once would owe. */
static void make_no_more(void)
{
	struct frame before = *frame_entry(loaded()),
		     owing = root_as(loaded(), 0, loaded(), UINT16_MAX - OWED + 1);
	struct cpu *cpu = this_cpu();
	unsigned nr_spare = cpu->nr_spare_roots;
	status_t status;
	struct as *as;

	FORCE(*frame_entry(loaded()) = owing);
	cpu->nr_spare_roots = 0;
	status = as_create(&as);
	cpu->nr_spare_roots = nr_spare;
	FORCE(*frame_entry(loaded()) = before);
	ktest_ok(status == STATUS_ENOMEM, "who owes too much is told that there is no memory");
}

static void change_new(pfn_t root)
{
	pfn_t other = kernel_root;

	ktest_ok(ended(root) == GATE_IN_USE, "a new root is no page table again");
	ktest_ok(stays(root, ROOT_NEW, ROOT_DYING, ROOT_NEW | ROOT_DYING),
		 "nor new again, or dying");
	ktest_ok(changed(root, TABLE_SHADOW) == GATE_NO_FRAME &&
			 changed(root, LEVEL_MAX - 1) == GATE_NO_FRAME &&
			 changed((pfn_t){ nr_frames }, 0) == GATE_NO_FRAME,
		 "nor something else than a root");
	ktest_ok(changed_as(root, root_as(root, ROOT_NEW, other, 0), 0) == GATE_NO_CHANGE &&
			 changed_as(root, root_as(root, ROOT_NEW, other, 0), ROOT_IDLE) ==
				 GATE_NO_CHANGE,
		 "nobody publishes what another one makes, or has it rest");
	ktest_ok(changed_as(root, root_as(root, ROOT_NEW, loaded(), 1), ROOT_IDLE) ==
				 GATE_NO_CHANGE &&
			 changed_as(root, root_as(root, ROOT_NEW, loaded(), OWED), ROOT_IDLE) ==
				 GATE_NO_CHANGE,
		 "it does not rest with an entry, or while it owes");
}

static void change_published(pfn_t root)
{
	unsigned before = nr_owed();

	ktest_ok(changed(root, 0) == GATE_DONE && nr_owed() == before - 1,
		 "what is published is owed no more");
	ktest_ok(stays(root, 0, ROOT_NEW, ROOT_IDLE), "it is not new, nor rests");
	ktest_ok(changed_as(root, root_as(root, 0, root, OWED), ROOT_DYING) == GATE_NO_CHANGE,
		 "nor dies while an entry of credentials names it");
	if (nr_cpus > 1) {
		struct current *other =
			(struct current *)(uint64_t)gate_current((this_cpu()->id + 1) % nr_cpus);
		uint32_t before_root = other->root;
		enum gate_refusal refusal;

		FORCE(other->root = root.pfn);
		refusal = changed(root, ROOT_DYING);
		FORCE(other->root = before_root);
		ktest_ok(refusal == GATE_NO_CHANGE, "nor while another processor has it");
	}
	before = frame_entry(pfn_add(root, 1))->number;
	ktest_ok(changed_as(root, root_as(root, 0, root, 0), ROOT_DYING) == GATE_DONE &&
			 frame_entry(pfn_add(root, 1))->number == before + 1,
		 "it dies with nothing counted: who has it loaded still is to load another");
	ktest_ok(ended(root) == GATE_IN_USE, "nor becomes page tables");
}

static void change_dying(pfn_t root)
{
	struct frame dying = root_as(root, ROOT_DYING, root, 0);
	struct current *current = (struct current *)(uint64_t)current_here();
	struct frame before = *frame_entry(root);
	uint32_t left = current->left, root_before = current->root;
	enum gate_refusal refusal, emptied, refusal_of_current;

	ktest_ok(changed_as(root, dying, 0) == GATE_NO_CHANGE &&
			 changed_as(root, dying, ROOT_NEW) == GATE_NO_CHANGE,
		 "what is dying lives no more");
	ktest_ok(asked_with(root, dying, GATE_ROOT_END, root.pfn, 0) == GATE_IN_USE,
		 "nor becomes page tables");
	ktest_ok(changed_as(root, root_as(root, ROOT_DYING, root, 1), ROOT_IDLE) ==
				 GATE_NO_CHANGE &&
			 changed_as(root, root_as(root, ROOT_DYING, root, OWED), ROOT_IDLE) ==
				 GATE_NO_CHANGE,
		 "nor rests with an entry, or while it owes");
	FORCE(current->left = root.pfn);
	refusal = changed_as(root, dying, ROOT_IDLE);
	FORCE(*frame_entry(root) = dying);
	emptied = asked_of(GATE_ROOT_EMPTY, root.pfn, 0, USER_TOP, 0);
	FORCE(*frame_entry(root) = before; current->left = left; current->root = root.pfn);
	refusal_of_current = changed_as(root, dying, ROOT_IDLE);
	FORCE(*frame_entry(root) = before; current->root = root_before);
	ktest_ok(refusal == GATE_NO_CHANGE && emptied == GATE_NOT_OURS,
		 "nor rests, or is emptied, while a processor may walk it");
	ktest_ok(refusal_of_current == GATE_NO_CHANGE,
		 "nor rests while it is a processor's current one");
}

/* It rests from now on, and again. */
static void change_idle(pfn_t root)
{
	unsigned before = nr_owed();

	FORCE(*frame_entry(root) = root_as(root, ROOT_DYING, root, 0));
	ktest_ok(changed(root, ROOT_IDLE) == GATE_DONE && nr_owed() == before,
		 "what was published is not owed twice");
	ktest_ok(stays(root, 0, ROOT_DYING, ROOT_IDLE), "a root that rests is new, or nothing");
	ktest_ok(asked_with(loaded(), root_as(loaded(), ROOT_DYING, loaded(), 0), GATE_ROOT_CHANGE,
			    root.pfn, ROOT_NEW) == GATE_NOT_OURS,
		 "nor is it taken by who dies");
	ktest_ok(changed(root, ROOT_NEW) == GATE_DONE && nr_owed() == before + 1 &&
			 frame_entry(root)->number == loaded().pfn,
		 "who takes it owes it");
	ktest_ok(changed(root, ROOT_IDLE) == GATE_DONE && nr_owed() == before,
		 "until it rests again");
}

/* Whatever its word says, and wherever all processors are. */
static void change_kernels_own(void)
{
	struct frame published = root_as(kernel_root, 0, kernel_root, 0),
		     dying = root_as(kernel_root, ROOT_DYING, kernel_root, 0),
		     idle = root_as(kernel_root, ROOT_IDLE, kernel_root, 0);
	uint64_t before[NR_CPUS_MAX];
	enum gate_refusal dies, rests, is_taken;

	for (unsigned id = 0; id < nr_cpus; id++) {
		struct current *current = (struct current *)(uint64_t)gate_current(id);

		before[id] = current->roots.value;
		FORCE(current->roots.value = loaded().pfn);
	}
	dies = changed_as(kernel_root, published, ROOT_DYING);
	rests = changed_as(kernel_root, dying, ROOT_IDLE);
	is_taken = changed_as(kernel_root, idle, ROOT_NEW);
	for (unsigned id = 0; id < nr_cpus; id++) {
		FORCE(((struct current *)(uint64_t)gate_current(id))->roots.value = before[id]);
	}
	ktest_ok(dies == GATE_NO_CHANGE && rests == GATE_NO_CHANGE && is_taken == GATE_NO_CHANGE,
		 "the kernel's own root neither dies, nor rests, nor is it taken");
}

/* --- links --- */

static enum gate_refusal linked(const pte_t *entry, pfn_t table)
{
	return asked(GATE_TABLE_LINK, entry, table.pfn, 0, 0);
}

/* A new address space's, with a clean table; it has a page at TEST_START, and nothing behind. */
static void link_table(const struct as *as, pfn_t table)
{
	pte_t *leaf = ptable_entry(as->root, TEST_START, 1);
	const pte_t *link = ptable_entry(as->root, TEST_START, 2);
	const pte_t *top = ptable_entry(as->root, TEST_START, LEVEL_MAX);
	const pte_t *last = (const pte_t *)direct_map_pointer(as->root) + PTES_PER_TABLE - 1;
	const pte_t *shadow = (const pte_t *)direct_map_pointer(pfn_add(as->root, 1));

	ktest_ok(linked(leaf + 1, table) == GATE_NO_TABLE, "a page table is no page");
	ktest_ok(linked(link, table) == GATE_IN_USE, "nor takes another's place");
	ktest_ok(linked(last, table) == GATE_NO_TABLE, "nor comes to the top of the kernel half");
	ktest_ok(linked(shadow + 1, table) == GATE_NO_TABLE, "nor to a shadow root alone");
	ktest_ok(linked((const pte_t *)((uint64_t)link + 4), table) == GATE_NO_TABLE,
		 "nor between two entries");
	ktest_ok(linked(link + 1, as->root) == GATE_IN_USE &&
			 linked(link + 1, pte_frame(pte_read(link))) == GATE_IN_USE &&
			 linked(link + 1, (pfn_t){ nr_frames }) == GATE_IN_USE,
		 "nor does a table that has a place, or none");
	ktest_ok(asked(GATE_ENTRY_SET, top, pte_read(top).value + PAGE_SIZE, 0, 0) != GATE_DONE,
		 "a link does not lead elsewhere");
	ktest_ok(linked(direct_map_pointer(kernel_root), table) == GATE_NO_TABLE,
		 "nor below the kernel's own root, which has no user half");
	ktest_ok(linked(link + 1, table) == GATE_DONE && linked(link + 2, table) == GATE_IN_USE,
		 "a table gets one place");
	ktest_ok(asked(GATE_ENTRY_SET, link + 1, 0, 0, 0) == GATE_DONE, "it goes when it is empty");
}

/* A published address space, not loaded, with an empty table. */
static void unlink_as_stranger(const struct as *as)
{
	const pte_t *link = ptable_entry(as->root, TEST_START, 2);

	ktest_ok(root_publish(as->root), "the address space is published");
	ktest_ok(asked(GATE_ENTRY_SET, link, 0, 0, 0) == GATE_NOT_OURS,
		 "then nobody else takes its tables");
}

static void try_links(pfn_t table)
{
	struct released released = { 0 };
	struct as *as;
	pte_t *leaf = space_make(&as, 2, 1);

	if (!leaf) {
		ktest_skip("no memory for an address space");
		return;
	}
	link_table(as, table);
	(void)pages_release(leaf, 1, false, &released);
	frames_put_released(&released);
	as->nr_pages--;
	unlink_as_stranger(as);
	as_put(as);
}

KTEST_SUITE(gate_roots)
{
	unsigned before;
	struct as *as;
	pfn_t pair;

	if (gate_in_force == ptprot_off || frame_alloc_kernel(OWNER_PTABLE, PAIR_ORDER, &pair)) {
		ktest_skip("there is no gate, or no memory");
		return;
	}
	before = nr_owed();
	clear(pair);
	try_links(pair);
	make(pair);
	change_new(pair);
	change_published(pair);
	change_dying(pair);
	change_idle(pair);
	change_kernels_own();
	ktest_ok(asked_with(pair, root_as(pair, ROOT_IDLE, pair, 1), GATE_ROOT_END, pair.pfn, 0) ==
			 GATE_IN_USE,
		 "a root with an entry becomes no page table");
	ktest_ok(ended(pair) == GATE_DONE && ended(pair) == GATE_NO_FRAME &&
			 made(pair) != GATE_DONE,
		 "one that rests does, and is not clean");
	frame_free_kernel(pair, PAIR_ORDER);
	make_no_more();
	if (as_create(&as) == STATUS_OK) {
		as_put(as);
	}
	ktest_ok(nr_owed() == before, "in the end all is as before");
}
