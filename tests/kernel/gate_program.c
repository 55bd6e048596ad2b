/*
 * With ptprot: what a new program's address space may get, and when it is the program's. Nothing in
 * the kernel asks for what is refused here.
 */
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/window.h"
#include "program_space.h"
#include "task/authority/credential_entry.h"
#include "task/process/process.h"

#define PATH "bin/sh"

static const struct elf_image *image(void)
{
	return boot_archive_program(boot_archive_find(PATH))->image;
}

static pfn_t loaded(void) { return credential_entries[process_current()->pid].root; }

static enum gate_refusal begun(pfn_t root, uint64_t file)
{
	return asked_of(GATE_ROOT_CHANGE, root.pfn, ROOT_PROGRAM, file, 0);
}

static enum gate_refusal filled(const struct as *as, uint64_t nr)
{
	return asked_of(GATE_PROGRAM_LOAD, as->root.pfn, nr, 0, 0);
}

static enum gate_refusal become(const struct as *as, const char *path, uint64_t rsp)
{
	uint64_t which = (uint64_t)CREDENTIAL_BECOME << 32 | process_current()->pid;

	return asked_of(GATE_CREDENTIAL_CHANGE, which, program_index(path), as->root.pfn, rsp);
}

/* What it is filled with, and how far. */
static uint32_t *state(const struct as *as)
{
	return (uint32_t *)(uint64_t)&frame_entry(pfn_add(as->root, 1))->number;
}

/* --- its beginning --- */

static void begin_checks(struct as *as)
{
	struct frame used = *frame_entry(as->root), others = used;

	ktest_ok(begun(as->root, boot_archive_count()) == GATE_NO_CHANGE &&
			 begun(as->root, ~0ul) == GATE_NO_CHANGE,
		 "no program lies behind the last file");
	ktest_ok(begun(as->root, program_index("etc/policy")) == GATE_NO_CHANGE,
		 "no program is what does not run");
	ktest_ok(begun(loaded(), program_index(PATH)) == GATE_NO_CHANGE,
		 "a root that is not new becomes no program's");
	used.nr_used = 1;
	FORCE(*frame_entry(as->root) = used);
	ktest_ok(begun(as->root, program_index(PATH)) == GATE_NO_CHANGE,
		 "nor one that has something");
	others.number = credential_entries[PID_INIT].root.pfn;
	FORCE(*frame_entry(as->root) = others);
	ktest_ok(begun(as->root, program_index(PATH)) == GATE_NO_CHANGE,
		 "nor one that another makes");
	used.nr_used = 0;
	FORCE(*frame_entry(as->root) = used);
	ktest_ok(begun(as->root, program_index(PATH)) == GATE_DONE, "a new one does");
	ktest_ok(begun(as->root, program_index("bin/caged")) == GATE_NO_CHANGE, "of one file");
	ktest_ok(asked_of(GATE_ROOT_CHANGE, as->root.pfn, ROOT_NEW, 0, 0) == GATE_NO_CHANGE,
		 "and it is new no more");
}

/* --- its pages --- */

static bool is_refused(enum gate_operation operation, const pte_t *entry, uint64_t b, uint64_t c)
{
	return asked(operation, entry, b, c, 0) == GATE_NOT_OURS;
}

/* The first page of a segment is there, and empty. */
static void page_checks(const struct as *as, const pte_t *entry, const pte_t *own)
{
	uint64_t pte = pte_read(entry).value;

	ktest_ok(is_refused(GATE_PAGES_PARK, entry, 1, 0) &&
			 is_refused(GATE_PAGES_RELEASE, entry, 1, 0) &&
			 is_refused(GATE_PAGES_MOVE, entry, (uint64_t)(entry + 1), 1) &&
			 is_refused(GATE_PAGE_CONSENT, entry, PTE_OFFERED, 0),
		 "its pages do not go");
	ktest_ok(is_refused(GATE_ENTRY_SET, entry, pte ^ PTE_NO_EXECUTE, 0) &&
			 is_refused(GATE_PAGE_REPLACE, entry, pte, 0),
		 "nor become others, nor get other rights");
	ktest_ok(is_refused(GATE_ENTRIES_SHARE, own, (uint64_t)(entry + 1), 1) &&
			 is_refused(GATE_PAGE_CLONE, own, (uint64_t)(entry + 1), 0) &&
			 is_refused(GATE_PAGE_GIVE, own, (uint64_t)entry, 0),
		 "none of its maker's comes there");
	ktest_ok(is_refused(GATE_PAGES_WRITE, entry, image()->segments[0].start.uva,
			    (uint64_t)&kernel_root),
		 "nor any byte");
	ktest_ok(asked_of(GATE_ROOT_CHANGE, as->root.pfn, 0, 0, 0) == GATE_NO_CHANGE,
		 "it is not published before it is whole");
}

/* Pages behind those of the first segment, with its rights: as many as one more than are shown. */
static void fill_more(struct as *as)
{
	struct elf_segment *first = (struct elf_segment *)(uint64_t)&image()->segments[0];
	uint64_t start = align_down(first->start.uva, PAGE_SIZE), nr = segment_nr_file_pages(first);
	uint64_t len_bytes = first->file_len_bytes;
	status_t status;
	uva_t at;

	status = as_map(as, AS_MAP_FIXED_NOREPLACE, start + nr * PAGE_SIZE,
			(WINDOW_PAGES + 1) * PAGE_SIZE, segment_rights(first), 0, &at);
	for (uint64_t i = 0; i <= WINDOW_PAGES && status == STATUS_OK; i++) {
		status = as_fault(as, (uva_t){ start + i * PAGE_SIZE }, segment_rights(first));
	}
	if (status) {
		ktest_skip("no memory for pages behind a segment");
		return;
	}
	ktest_ok(filled(as, nr + 1) == GATE_IN_USE, "what is filled is of one segment");
	FORCE(first->file_len_bytes = (WINDOW_PAGES + 2) * PAGE_SIZE);
	ktest_ok(filled(as, WINDOW_PAGES + 1) == GATE_IN_USE, "and not more than is shown");
	FORCE(first->file_len_bytes = len_bytes);
}

/* The way of mitigate: to anybody's root. What it says is of no generation yet. */
static void link_checks(struct as *as)
{
	pte_t *top = ptable_entry(as->root, image()->segments[0].start.uva, LEVEL_MAX);
	pte_t link = pte_read(top);
	uint32_t before = *state(as);

	FORCE(top->value = pte_without(link, PTE_NO_EXECUTE).value);
	(void)asked(GATE_ENTRY_SET, top, pte_with(link, PTE_NO_EXECUTE).value, 0, 0);
	FORCE(top->value = link.value);
	ktest_ok(*state(as) == before, "a link that changes makes it no other program");
}

static void fill_checks(struct as *as)
{
	const struct elf_segment *first = &image()->segments[0];
	pte_t *entry = ptable_entry(as->root, first->start.uva, 1);
	pte_t pte = pte_read(entry);

	ktest_ok(filled(as, ~0ul) == GATE_IN_USE, "no page is one of so many");
	ktest_ok(filled(as, 0) == GATE_IN_USE, "none is none");
	fill_more(as);
	FORCE(entry->value = pte_with(pte_without(pte, PTE_PRESENT), PTE_PARKED).value);
	ktest_ok(filled(as, 1) == GATE_IN_USE, "a page that is not there is not filled");
	FORCE(entry->value = pte_with(pte, PTE_WRITABLE).value);
	ktest_ok(filled(as, 1) == GATE_IN_USE, "nor one with other rights than the segment");
	FORCE(entry->value = pte.value);
	FORCE(frame_entry(pte_frame(pte))->refs++);
	ktest_ok(filled(as, 1) == GATE_IN_USE, "nor one that another entry has, too");
	FORCE(frame_entry(pte_frame(pte))->refs--);
	ktest_ok(filled(as, 1) == GATE_DONE, "the first one is");
	ktest_ok(asked_of(GATE_PROGRAM_LOAD, loaded().pfn, 1, 0, 0) == GATE_NOT_OURS,
		 "nothing is filled of what is no program's");
}

/* --- its stack --- */

static void stack_checks(struct as *as)
{
	const pte_t *stack = ptable_entry(as->root, TEST_RSP, 1);
	const pte_t *text = ptable_entry(as->root, image()->segments[0].start.uva, 1);
	uint32_t before = *state(as);
	uint64_t word = 0;

	ktest_ok(asked(GATE_PAGES_WRITE, stack, TEST_RSP, (uint64_t)&word, 8) == GATE_DONE,
		 "its maker writes to the stack");
	ktest_ok(asked(GATE_PAGES_WRITE, text, TEST_RSP, (uint64_t)&word, 8) == GATE_NOT_OURS,
		 "not to what is said to be the stack");
	ktest_ok(asked(GATE_PAGES_WRITE, stack, TEST_RSP, (uint64_t)&word, PAGE_SIZE + 1) ==
			 GATE_NOT_OURS,
		 "nor behind it");
	ktest_ok(become(as, PATH, TEST_RSP) == GATE_NOT_OURS && *state(as) == before,
		 "a program whose pages are not filled does not begin");
}

/* --- whole --- */

static void stack_set(const struct as *as, const uint64_t *words)
{
	(void)asked(GATE_PAGES_WRITE, ptable_entry(as->root, TEST_RSP, 1), TEST_RSP,
		    (uint64_t)words, PAGE_SIZE);
}

/* With a page of words as its stack. */
static enum gate_refusal become_with(const struct as *as, const uint64_t *words)
{
	stack_set(as, words);
	return become(as, PATH, TEST_RSP);
}

static void whole_checks(struct as *as)
{
	static uint64_t words[PAGE_SIZE / sizeof(uint64_t)];
	uint32_t before = *state(as);
	struct emptied gone;
	uva_t at;

	ktest_ok(filled(as, 1) == GATE_IN_USE, "there is no page behind the last");
	ktest_ok(become(as, "bin/caged", TEST_RSP) == GATE_NOT_OURS, "it is no other program");
	ktest_ok(become(as, PATH, PROGRAM_STACK_TOP) == GATE_NOT_OURS &&
			 become(as, PATH, TEST_RSP - PAGE_SIZE) == GATE_NOT_OURS &&
			 become(as, PATH, TEST_RSP + 1) == GATE_NOT_OURS &&
			 become(as, PATH, image()->segments[0].start.uva) == GATE_NOT_OURS,
		 "it does not begin without a stack");
	ktest_ok(become(as, PATH, PROGRAM_STACK_TOP - AUXILIARY_WORDS * 8) == GATE_NOT_OURS,
		 "nor where there is no room for the auxiliary vector");
	ktest_ok(as_map(as, AS_MAP_FIXED_NOREPLACE, TEST_START, PAGE_SIZE, RIGHT_READ | RIGHT_WRITE,
			0, &at) ||
			 as_fault(as, at, RIGHT_WRITE) ||
			 become(as, PATH, TEST_START) == GATE_NOT_OURS,
		 "nor with another one");
	words[0] = 1ul << 20;
	ktest_ok(become_with(as, words) == GATE_NOT_OURS,
		 "nor with more arguments than there is room");
	memset(words + 2, 1, sizeof(words) - 3 * sizeof(words[0]));
	words[0] = 0;
	ktest_ok(become_with(as, words) == GATE_NOT_OURS, "nor with an environment up to the end");
	words[0] = words[1] = 1;
	words[100] = 0;
	ktest_ok(become_with(as, words) == GATE_NOT_OURS, "nor with arguments without an end");
	ktest_ok(*state(as) == before, "nothing has changed");
	FORCE(*state(as) += 1u << 12);
	ktest_ok(is_refused(GATE_PAGES_WRITE, ptable_entry(as->root, TEST_RSP, 1), TEST_RSP, 0),
		 "nobody writes behind the auxiliary vector's back");
	FORCE(*state(as) = before);
	memset(words, 0, sizeof(words));
	stack_set(as, words);
	root_empty(as->root, image()->segments[0].start.uva, image()->segments[0].start.uva + 1, 0,
		   &gone);
	as->nr_pages -= gone.nr_pages;
	frames_put_released(&gone.released);
	ktest_ok(become(as, PATH, TEST_RSP) == GATE_NOT_OURS,
		 "what has lost a page is whole no more");
}

/* A page of the suite's own process, to be given, shared, cloned. */
static const pte_t *own_page(struct as *as)
{
	uva_t at;

	return as_map(as, AS_MAP_FIXED, TEST_START, PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0, &at) ||
			       as_fault(as, at, RIGHT_WRITE)
		       ? NULL
		       : ptable_entry(as->root, TEST_START, 1);
}

KTEST_SUITE(gate_program)
{
	const uint64_t no_arguments[3] = { 0 };
	const pte_t *own = own_page(process_current()->as);
	struct as *as, *whole;

	if (gate_in_force == ptprot_off || !own || as_create(&as)) {
		ktest_skip("there is no gate, or no memory");
		return;
	}
	begin_checks(as);
	if (segment_map(as, &image()->segments[0], 1) ||
	    stack_map(as, no_arguments, ARRAY_SIZE(no_arguments)) || program_make(PATH, &whole)) {
		ktest_skip("no memory for a program");
		as_put(as);
		return;
	}
	page_checks(as, ptable_entry(as->root, image()->segments[0].start.uva, 1), own);
	link_checks(as);
	fill_checks(as);
	stack_checks(as);
	as_put(as);
	whole_checks(whole);
	as_put(whole);
	(void)!as_unmap(process_current()->as, (uva_t){ TEST_START }, PAGE_SIZE);
}
