/* Breaking things for the audit to find. */
#include "audit_plant.h"

#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"
#include "mm/frame/kspace.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

struct bw_audit audit_result;

void expect_violation(const char *words, const char *what)
{
	const char *at;

	audit_run(&audit_result);
	for (at = audit_result.first; *at && strncmp(at, words, strlen(words)) != 0; at++) {}
	if (!ktest_ok(audit_result.nr_violations > 0 && *at, "the audit reports %s", what)) {
		ktest_diag("expected \"%s\", got %lu violations: %s", words,
			   audit_result.nr_violations, audit_result.first);
	}
}

void expect_clean(const char *when)
{
	audit_run(&audit_result);
	if (!ktest_ok(audit_result.nr_violations == 0, "the audit is clean %s", when)) {
		ktest_diag("%s", audit_result.first);
	}
}

pte_t *last_device(void)
{
	uint64_t from = kspace_base + KSPACE_SIZE / 2, last = 0;
	pte_t device;

	for (uint64_t at = from; at < from + (uint64_t)DEVICES_MAX * FRAMES_PER_HUGE * PAGE_SIZE;
	     at += PAGE_SIZE) {
		last = kspace_device_at(at, &device) ? at : last;
	}
	return last ? ptable_entry(kernel_root, last, 1) : NULL;
}

/* As the gate counts it. */
static void used_add(const pte_t *entry, int nr)
{
	struct frame *table = frame_entry(pointer_to_pfn(entry));

	if (!table_is_reserved(table)) {
		FORCE(table->nr_used = (uint16_t)(table->nr_used + nr));
	}
}

void entry_force(pte_t *entry, pte_t pte)
{
	used_add(entry, !!pte.value - !!entry->value);
	FORCE(*(volatile uint64_t *)&entry->value = pte.value);
}

void plant(pte_t *entry, pte_t pte, const char *words, const char *what)
{
	pte_t saved = pte_read(entry);

	/* not flushed: by this very entry GS may lead to the gate's stack, and a flush is the
	 * gate's */
	entry_force(entry, pte);
	expect_violation(words, what);
	entry_force(entry, saved);
	ktlb_wait(ktlb_downgrade());
}

void plant_direct(pfn_t frame, pte_t pte, const char *words, const char *what)
{
	/* hidden, the frame keeps its 2 MiB page split, and counts as what it may become */
	bool is_in_large =
		!pfn_is_none(direct_split_table(frame)) && direct_map_has(frame) &&
		(gate_in_force == ptprot_off || frame_entry(frame)->owner != OWNER_PTABLE);

	if (is_in_large) {
		direct_map_hide(frame, 1);
	}
	plant(direct_map_entry(frame), pte, words, what);
	if (is_in_large) {
		direct_map_reveal(frame, 1);
	}
}
