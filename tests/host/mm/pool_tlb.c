/* Pages of the pools' region, mapped from the machine's RAM when they are touched. */
#define _GNU_SOURCE
#include "mm/pool_tlb.h"

#include <sys/mman.h>

#include "arch/x86_64/paging.h"
#include "mm/layout.h"
#include "mm/machine.h"
#include "mm/ptable.h"

#define REGION 0x300000000000ul /* free in every process, also under AddressSanitizer */

static struct {
	uint64_t page;
	pfn_t frame;
	bool is_writable;
} cached[MACHINE_FRAMES];
static unsigned nr_cached;

/* The processor's walk, through RAM. */
static pte_t walk(uint64_t address)
{
	pte_t pte = pte_make(kernel_root, PTE_PRESENT);

	for (unsigned level = LEVEL_MAX; level > 0 && pte_is_present(pte); level--) {
		pte = ((pte_t *)machine_ram(pte_frame(pte)))[level_index(address, level)];
	}
	return pte;
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

static void flush(void)
{
	for (unsigned i = 0; i < nr_cached; i++) {
		number_check(cached[i].page);
		munmap((void *)cached[i].page, PAGE_SIZE);
	}
	nr_cached = 0;
}

static void assert_unused(pfn_t first, uint32_t nr)
{
	for (unsigned i = 0; i < nr_cached; i++) {
		if (cached[i].frame.pfn - first.pfn < nr) {
			machine_die("frame %u changes hands and a pool's page %#lx leads to it",
				    cached[i].frame.pfn, cached[i].page);
		}
	}
}

void pool_tlb_check(void)
{
	for (unsigned i = 0; i < nr_cached; i++) {
		pte_t pte = walk(cached[i].page);

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
	machine_hooks.unused = assert_unused;
}
