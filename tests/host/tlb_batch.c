/* sources: */

/* What an edit owes the TLBs, and CR3 values. */
#include "host_assert.h"
#include "tap.h"

#include "arch/x86_64/cpu/cr3.h"
#include "mm/tlb/tlb_batch.h"

bool pcid_is_on;

static void test_range(void)
{
	struct tlb_batch batch = { 0, 0 }, taken;

	ok(tlb_batch_is_empty(&batch), "a new batch owes nothing");
	tlb_batch_add(&batch, 5 * PAGE_SIZE, 6 * PAGE_SIZE);
	tlb_batch_add(&batch, 2 * PAGE_SIZE, 3 * PAGE_SIZE);
	ok(batch.start == 2 * PAGE_SIZE && batch.end == 6 * PAGE_SIZE,
	   "a batch spans every page added to it");
	tlb_batch_add(&batch, 3 * PAGE_SIZE, 4 * PAGE_SIZE);
	ok(batch.start == 2 * PAGE_SIZE && batch.end == 6 * PAGE_SIZE,
	   "a page within changes nothing");
	taken = tlb_batch_take(&batch);
	ok(tlb_batch_is_empty(&batch) && taken.end == 6 * PAGE_SIZE,
	   "what was taken is no longer owed");
	ok(tlb_batch_is_small(&taken), "four pages are flushed one by one");
	tlb_batch_add(&taken, 0, (TLB_PAGES_SINGLY + 1) * PAGE_SIZE);
	ok(!tlb_batch_is_small(&taken), "%d pages are not", TLB_PAGES_SINGLY + 1);
}

static void drop_batch(void)
{
	TLB_BATCH(batch);

	tlb_batch_add(&batch, 0, PAGE_SIZE);
}

static void take_batch(void)
{
	TLB_BATCH(batch);

	tlb_batch_add(&batch, 0, PAGE_SIZE);
	(void)tlb_batch_take(&batch);
}

static void test_cr3(void)
{
	pa_t root = { 0x123456000 };
	pcid_t pcid = { 0x803 };
	cr3_t cr3;

	pcid_is_on = false;
	is(cr3_noflush(cr3_make(root, pcid)).value, root.pa,
	   "without PCIDs a CR3 value is the root alone");
	pcid_is_on = true;
	cr3 = cr3_make(root, pcid);
	is(cr3.value, 0x123456803, "with PCIDs it carries one");
	ok(!cr3_is_noflush(cr3) && cr3_is_noflush(cr3_noflush(cr3)),
	   "and flushes it unless told otherwise");
	is(cr3_root(cr3_noflush(cr3)).pa, root.pa, "its root is found again");
	is(cr3_pcid(cr3_noflush(cr3)).pcid, pcid.pcid, "and its PCID");
	is(cr3_returning(cr3).value, cr3_noflush(cr3).value,
	   "returning to a root keeps its translations");
}

int main(void)
{
	test_range();
	dies(drop_batch, "batch->start == batch->end", "a dropped batch is an assertion failure");
	take_batch();
	ok(true, "a batch that was taken may end");
	test_cr3();
	return done_testing();
}
