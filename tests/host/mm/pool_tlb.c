/* Pages of the pools' region, mapped from the machine's RAM when they are touched, and the page
 * tables that were walked for them. */
#define _GNU_SOURCE
#include "mm/pool_tlb.h"

#include <sys/mman.h>

#include "arch/x86_64/cpu/paging.h"
#include "mm/machine.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

#define REGION 0x300000000000ul /* free in every process, also under AddressSanitizer */

static struct {
	uint64_t page;
	pfn_t frame;
	bool is_writable;
} cached[MACHINE_FRAMES];
static unsigned nr_cached;

/* Paging-structure caches: what the page directory says of each 2 MiB; 0: not cached. The tables
 * above change with the root alone. */
static struct {
	uint64_t start;
	pte_t pte;
} tables[MACHINE_FRAMES];
static unsigned nr_tables;

/* The entry of a level on the way to an address, through RAM; or the one above it that is not
 * present. */
static pte_t entry_at(uint64_t address, unsigned level)
{
	pte_t pte = pte_make(kernel_root, PTE_PRESENT);

	for (unsigned at = LEVEL_MAX; at >= level && pte_is_present(pte); at--) {
		pte = ((pte_t *)machine_ram(pte_frame(pte)))[level_index(address, at)];
	}
	return pte;
}

/* The page table for an address: a cached one is not looked up again. */
static pte_t table_of(uint64_t address)
{
	pte_t table;

	for (unsigned i = 0; i < nr_tables; i++) {
		if (address - tables[i].start < HUGE_SIZE) {
			return tables[i].pte;
		}
	}
	table = entry_at(address, 2);
	if (pte_is_present(table)) {
		if (nr_tables == MACHINE_FRAMES) {
			machine_die("more page tables cached than there is memory");
		}
		tables[nr_tables].start = align_down(address, HUGE_SIZE);
		tables[nr_tables++].pte = table;
	}
	return table;
}

/* The processor's walk. */
static pte_t walk(uint64_t address)
{
	pte_t table = table_of(address);

	return pte_is_present(table)
		       ? ((pte_t *)machine_ram(pte_frame(table)))[level_index(address, 1)]
		       : PTE_NONE;
}

static void fill(uint64_t page, pte_t pte)
{
	int protection = PROT_READ | (pte_is_writable(pte) ? PROT_WRITE : 0);

	if (nr_cached == MACHINE_FRAMES) {
		machine_die("more pages in the pools' TLB than there is memory");
	}
	/* an old size of 0 makes a second mapping of what is shared */
	if (mremap(machine_ram(pte_frame(pte)), 0, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   (void *)page) == MAP_FAILED ||
	    mprotect((void *)page, PAGE_SIZE, protection)) {
		machine_die("a page of a pool cannot be mapped");
	}
	cached[nr_cached].page = page;
	cached[nr_cached].frame = pte_frame(pte);
	cached[nr_cached++].is_writable = pte_is_writable(pte);
}

static bool on_fault(uint64_t address, bool is_write)
{
	pte_t pte;

	if (address - REGION >= POOL_SIZE) {
		return false;
	}
	pte = walk(address);
	if (!pte_is_present(pte) || pte_is_executable(pte) || pte_is_user(pte)) {
		machine_die("access to %#lx, where no pool has memory", address);
	}
	if (is_write && !pte_is_writable(pte)) {
		machine_die("a sealed page is written at %#lx", address);
	}
	fill(align_down(address, PAGE_SIZE), pte);
	return true;
}

/* With L1TF an entry that is not present leads to a frame, too: no number in one is a frame's. */
static void number_check(uint64_t page)
{
	pte_t pte = walk(page);

	if (!pte_is_present(pte) && pte.value &&
	    (pte.value & PTE_ADDRESS_MASK) >> PAGE_SHIFT < MACHINE_FRAMES) {
		machine_die("the entry of page %#lx is not present and names a frame", page);
	}
}

static void complete(void)
{
	for (unsigned i = 0; i < nr_cached; i++) {
		number_check(cached[i].page);
		munmap((void *)cached[i].page, PAGE_SIZE);
	}
	nr_cached = 0;
}

static void flush(void)
{
	complete();
	nr_tables = 0;
}

static bool shootdown(uint64_t first, uint64_t nr_pages)
{
	uint64_t end = first + nr_pages * PAGE_SIZE;

	if (first - REGION >= POOL_SIZE) {
		return false;
	}
	for (unsigned i = 0; i < nr_cached;) {
		if (cached[i].page >= first && cached[i].page < end) {
			munmap((void *)cached[i].page, PAGE_SIZE);
			cached[i] = cached[--nr_cached];
		} else {
			i++;
		}
	}
	nr_tables = 0;
	return true;
}

static void assert_no_table(pfn_t first, uint32_t nr)
{
	for (unsigned i = 0; i < nr_tables; i++) {
		if (pte_frame(tables[i].pte).pfn - first.pfn < nr) {
			machine_die("page table %u changes hands and can be walked for %#lx",
				    pte_frame(tables[i].pte).pfn, tables[i].start);
		}
	}
}

void __real_ptable_table_free(pfn_t table);
void __wrap_ptable_table_free(pfn_t table);

/* The linker gives us the callers of ptable_table_free. */
void __wrap_ptable_table_free(pfn_t table)
{
	assert_no_table(table, 1);
	__real_ptable_table_free(table);
}

static void assert_unused(pfn_t first, uint32_t nr)
{
	assert_no_table(first, nr);
	for (unsigned i = 0; i < nr_cached; i++) {
		if (cached[i].frame.pfn - first.pfn < nr) {
			machine_die("frame %u changes hands and a pool's page %#lx leads to it",
				    cached[i].frame.pfn, cached[i].page);
		}
	}
}

void pool_tlb_check(void)
{
	for (unsigned i = 0; i < nr_tables; i++) {
		if (entry_at(tables[i].start, 2).value != tables[i].pte.value) {
			machine_die("the page table for %#lx is still walked as it was",
				    tables[i].start);
		}
	}
	for (unsigned i = 0; i < nr_cached; i++) {
		pte_t pte = entry_at(cached[i].page, 1);

		if (!pte_is_present(pte) || pte_frame(pte).pfn != cached[i].frame.pfn ||
		    (cached[i].is_writable && !pte_is_writable(pte))) {
			machine_die("page %#lx of a pool is still used as it was", cached[i].page);
		}
	}
}

void pool_tlb_start(void)
{
	pool_base = REGION;
	machine_hooks.fault = on_fault;
	machine_hooks.flush = flush;
	machine_hooks.complete = complete;
	machine_hooks.shootdown = shootdown;
	machine_hooks.unused = assert_unused;
}
