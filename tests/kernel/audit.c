/* The auditor sees every kind of violation: each is planted, found and taken back. */
#include "mm/audit.h"
#include "core/cpu.h"
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/as.h"
#include "mm/direct_map.h"
#include "mm/entry_area.h"
#include "mm/frame_alloc.h"
#include "mm/frame_history.h"
#include "mm/kspace.h"
#include "mm/layout.h"
#include "mm/pmalloc.h"
#include "mm/ptable.h"
#include "mm/tlb.h"
#include "mm/xpfo.h"

#define TEST_PAGE (USER_MIN + 16 * PAGE_SIZE)

static struct bw_audit result;

static void expect_violation(const char *words, const char *what)
{
	const char *at;

	audit_run(&result);
	for (at = result.first; *at && strncmp(at, words, strlen(words)) != 0; at++) {}
	if (!ktest_ok(result.nr_violations > 0 && *at, "the audit reports %s", what)) {
		ktest_diag("expected \"%s\", got %lu violations: %s", words, result.nr_violations,
			   result.first);
	}
}

static void expect_clean(const char *when)
{
	audit_run(&result);
	if (!ktest_ok(result.nr_violations == 0, "the audit is clean %s", when)) {
		ktest_diag("%s", result.first);
	}
}

/* Changes an entry, expects the audit to say so, and restores it. */
/* pte_write refuses what no right code does: another frame in one store. */
static void entry_force(pte_t *entry, pte_t pte)
{
	*(volatile uint64_t *)&entry->value = pte.value;
}

static void plant(pte_t *entry, pte_t pte, const char *words, const char *what)
{
	pte_t saved = pte_read(entry);

	entry_force(entry, pte);
	ktlb_wait(ktlb_downgrade());
	expect_violation(words, what);
	entry_force(entry, saved);
	ktlb_wait(ktlb_downgrade());
}

static void plant_in_user_half(struct as *as)
{
	pte_t *entry = ptable_entry(as->root, TEST_PAGE, 1);
	pfn_t frame = pte_frame(pte_read(entry));
	pte_t pte = pte_read(entry);

	plant(entry, pte_without(pte_with(pte, PTE_WRITABLE), PTE_NO_EXECUTE),
	      "writable and executable", "a user page that is writable and executable");
	plant(entry, pte_without(pte, PTE_USER), "U/S=0", "a user page without U/S");
	plant(entry, pte_make(kernel_root, PTE_PRESENT | PTE_USER | PTE_NO_EXECUTE),
	      "PTABLE, is mapped R in the user half", "a page table in the user half");
	plant(entry, pte_make(pointer_to_pfn(as), PTE_PRESENT | PTE_USER | PTE_NO_EXECUTE),
	      "KERNEL, is mapped R in the user half", "a kernel frame in the user half");
	plant(ptable_entry(as->root, TEST_PAGE + PAGE_SIZE, 1), pte,
	      "counts 1 references and has 2", "a mapping that nobody counted");
	plant(entry, PTE_NONE, "counts 1 references and has 0", "a reference without a mapping");
	if (xpfo_is_on()) {
		plant(direct_map_entry(frame),
		      pte_make(frame, PTE_PRESENT | PTE_WRITABLE | PTE_NO_EXECUTE),
		      "USER_HIDDEN, is mapped RW in the direct map",
		      "a user frame in the direct map");
	} else {
		plant(direct_map_entry(frame), PTE_NONE, "must be in it",
		      "a frame missing from the direct map");
	}
}

static void plant_in_kernel_half(struct as *as, pfn_t spare_frame)
{
	pte_t *entries = direct_map_pointer(as->root);
	pte_t *text = ptable_entry(kernel_root, (uint64_t)image_start, 1);
	pte_t *spare = direct_map_entry(spare_frame);
	pte_t *window = this_cpu()->window_entries;
	pfn_t image = pa_to_pfn((pa_t){ LOAD_BASE });

	plant(&entries[PTES_PER_TABLE / 2], pte_make(kernel_root, PTE_PRESENT),
	      "kernel half differs", "a root whose kernel half differs");
	plant(text, pte_with(pte_read(text), PTE_WRITABLE), "IMAGE_TEXT, is mapped RWX",
	      "writable kernel text");
	plant(direct_map_entry(image), pte_make(image, PTE_PRESENT | PTE_NO_EXECUTE),
	      "in the direct map", "the kernel image in the direct map");
	plant(spare, pte_make(kernel_root, PTE_PRESENT | PTE_WRITABLE | PTE_NO_EXECUTE),
	      "shows frame", "a direct-map entry for another frame");
	plant(spare, PTE_NONE, "must be in it", "a kernel frame missing from the direct map");
	plant(ptable_entry(as->root, TEST_PAGE + HUGE_SIZE, 2),
	      pte_make(spare_frame, PTE_PRESENT | PTE_USER), "page table at frame",
	      "a page table in a frame that is none");
	plant(ptable_entry(as->root, TEST_PAGE + (1ul << 30), 3),
	      pte_make((pfn_t){ 0 }, PTE_PRESENT | PTE_USER | PTE_HUGE | PTE_NO_EXECUTE),
	      "1 GiB page", "a page of 1 GiB");
	plant((pte_t *)direct_map_pointer(pfn_add(as->root, 1)), pte_make(spare_frame, PTE_PRESENT),
	      "shadow root", "an entry in a shadow root");
	plant(window, pte_make(pointer_to_pfn(as), PTE_PRESENT | PTE_NO_EXECUTE), "private window",
	      "a window that was left open");
}

/* A word in the entry page, at an odd place. */
static void plant_bytes(uint64_t word, const char *what)
{
	char *at = (char *)this_cpu()->entry + PAGE_SIZE / 2 + 1;
	uint64_t saved;

	memcpy(&saved, at, sizeof(saved));
	memcpy(at, &word, sizeof(word));
	expect_violation("tells a kernel address", what);
	memcpy(at, &saved, sizeof(saved));
}

static void plant_in_history(pfn_t frame)
{
	frame_histories[frame.pfn] ^= STEP_HIDDEN;
	expect_violation("has a history that ends otherwise", "a history that ends otherwise");
	frame_histories[frame.pfn] ^= STEP_HIDDEN;
}

static void plant_in_shadow_roots(const struct as *as, pfn_t spare_frame)
{
	pfn_t shadow = entry_shadow_template();
	uint64_t cpu = (uint64_t)this_cpu(), entry = (uint64_t)this_cpu()->entry;
	pte_t *slots = direct_map_pointer(as->root);
	uint64_t rw = PTE_PRESENT | PTE_WRITABLE | ptable_nx();

	plant(ptable_entry(shadow, cpu, 1), pte_make(spare_frame, rw), "no part for them",
	      "struct cpu in the shadow roots");
	plant(ptable_entry(shadow, entry, 1), pte_make(spare_frame, rw), "which belongs to KERNEL",
	      "a kernel frame in the shadow roots");
	plant(ptable_entry(shadow, entry_text().va, 1),
	      pte_with(pte_read(ptable_entry(shadow, entry_text().va, 1)), PTE_WRITABLE),
	      "ENTRY_TEXT, is mapped RWX", "writable entry text");
	if (ptable_user_slot_flags) {
		plant(&slots[0], pte_without(pte_read(&slots[0]), PTE_NO_EXECUTE), "wrong NX",
		      "a kernel root that could run user code");
	}
	plant_bytes((uint64_t)audit_run, "a kernel-image address in the entry area");
	plant_bytes((uint64_t)as, "a direct-map address in the entry area");
	plant_bytes(pool_base + PAGE_SIZE, "a pool's address in the entry area");
	plant_bytes((uint64_t)&slots, "an address of a kernel stack in the entry area");
}

static void expect_sealed(uint64_t nr_more, uint64_t before)
{
	audit_run(&result);
	ktest_ok(result.nr_sealed == before + nr_more, "the audit counts %lu sealed frames more",
		 nr_more);
}

/* The first page of a pool with one object; sealed unless the option says otherwise. */
static void plant_in_pool(pte_t *entry, pte_t *other, const char *state)
{
	pte_t pte = pte_read(entry);
	pfn_t frame = pte_frame(pte);
	bool is_hidden = options.pmalloc == pmalloc_full;

	if (options.pmalloc != pmalloc_off) {
		plant(entry, pte_with(pte, PTE_WRITABLE), state, "a sealed page that is writable");
	}
	plant(entry, pte_without(pte, PTE_NO_EXECUTE), "in the pools", "code in a pool");
	plant(other, pte, "is not the page of a pool at", "a pool's frame at another address");
	plant(entry, pte_make(kernel_root, PTE_PRESENT | PTE_NO_EXECUTE),
	      "PTABLE, is mapped R in the pools", "a page table in a pool");
	plant(ptable_entry(kernel_root,
			   entry_area_part_end(this_cpu()->id, PART_DF_HANDLER) - PAGE_SIZE, 1),
	      pte_without(pte, PTE_WRITABLE), "is mapped R in the entry area",
	      "a pool's frame in a part of the entry area that is another's");
	plant(direct_map_entry(frame),
	      is_hidden ? pte_make(frame, PTE_PRESENT | PTE_NO_EXECUTE) : PTE_NONE,
	      is_hidden ? "is mapped R in the direct map" : "must be in it",
	      is_hidden ? "a pool's frame in the direct map"
			: "a pool's frame missing from the direct map");
}

KTEST_SUITE(audit_pools)
{
	const struct pool *pool, *other;
	uint64_t nr_sealed;
	void *object, *second;

	expect_clean("before");
	nr_sealed = result.nr_sealed;
	if (pmalloc_create_pool("audit", POOL_RO, 2 * PAGE_SIZE, 0, &pool) ||
	    pmalloc(pool, PAGE_SIZE, &object) ||
	    pmalloc_create_pool("audit too", POOL_RO, 0, 0, &other) || pmalloc(other, 1, &second)) {
		ktest_skip("no memory for pools");
		return;
	}
	expect_clean("with open pools");
	expect_sealed(0, nr_sealed);
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK &&
			 pmalloc_protect_pool(other) == STATUS_OK,
		 "pools are sealed");
	expect_clean("with sealed pools");
	expect_sealed(options.pmalloc == pmalloc_off ? 0 : 6, nr_sealed);
	plant_in_pool(ptable_entry(kernel_root, (uint64_t)object, 1),
		      ptable_entry(kernel_root, (uint64_t)second, 1),
		      options.pmalloc == pmalloc_full ? "POOL_SEALED, is mapped RW in the pools"
						      : "PLAIN_SEALED, is mapped RW in the pools");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK &&
			 pmalloc_destroy_pool(other) == STATUS_OK,
		 "pools are destroyed");
	expect_clean("afterwards");
	expect_sealed(0, nr_sealed);
}

KTEST_SUITE(audit)
{
	struct as *as;
	pfn_t spare;
	uva_t at;

	expect_clean("before");
	if (as_create(&as)) {
		ktest_skip("no memory for an address space");
		return;
	}
	if (as_map(as, AS_MAP_FIXED, TEST_PAGE, 2 * PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0, &at) ||
	    as_write(as, at, "x", 1) || frame_alloc_zeroed(OWNER_KERNEL, 0, &spare)) {
		ktest_skip("no memory for a page");
		as_put(as);
		return;
	}
	expect_clean("with a new address space");
	plant_in_user_half(as);
	plant_in_kernel_half(as, spare);
	plant_in_shadow_roots(as, spare);
	plant_in_history(spare);
	frame_free_kernel(spare, 0);
	as_put(as);
	expect_clean("afterwards");
}
