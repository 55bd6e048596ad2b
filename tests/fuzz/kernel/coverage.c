/*
 * BUILD=fuzz: where the kernel has been. The compiler has trace.asm called at each basic block of
 * kernel/mm and kernel/task.
 *
 * An edge is a pair of points that the same stack frame ran one after the other: what was called in
 * between has frames of its own. `coverage_last` remembers the point of each frame by its address,
 * in one word, so that processors need no data of their own, and neither early boot nor an NMI
 * disturbs: who loses a word to another frame makes an edge from nowhere.
 */
#include "coverage.h"

#include "core/cpu.h"
#include "core/symbols.h"
#include "fuzz_abi.h"
#include "lib/types.h"
#include "mm/as/usercopy.h"

enum { NR_LAST = 1 << 14, NR_EDGES_BITS = 17, NR_PROBES = 32 };
#define NR_EDGES (1ul << NR_EDGES_BITS)

extern char image_start[]; /* linker.ld */

/* All atomic. trace.asm: frame << (FUZZ_POINT_BITS - 4) | point. */
uint64_t coverage_last[NR_LAST];
/* Pairs of points by hash, edges in the order of their first time. 0: none. */
uint64_t coverage_pairs[NR_EDGES];
static uint64_t order[NR_EDGES];
static uint64_t nr_edges;
static bool has_cpus;

static uint64_t cpu_bits(void)
{
	return __atomic_load_n(&has_cpus, __ATOMIC_RELAXED)
		       ? (uint64_t)this_cpu()->id << FUZZ_CPU_SHIFT
		       : 0;
}

static uint64_t point_address(uint64_t point)
{
	return (uint64_t)image_start + (point << FUZZ_POINT_SHIFT);
}

/* A frame that one function has left and another has taken makes no edge. */
static bool is_of_one_function(uint64_t from, uint64_t to)
{
	uint64_t from_offset, to_offset;
	const char *name;

	return symbol_find(point_address(from), &name, &from_offset) &&
	       symbol_find(point_address(to), &name, &to_offset) &&
	       point_address(from) - from_offset == point_address(to) - to_offset;
}

/* Is the pair new? */
static bool pair_add(uint64_t pair)
{
	uint64_t at = pair * 0x9e3779b97f4a7c15ul >> (64 - NR_EDGES_BITS);

	for (unsigned i = 0; i < NR_PROBES; i++, at = (at + 1) % NR_EDGES) {
		uint64_t there = __atomic_load_n(&coverage_pairs[at], __ATOMIC_RELAXED);

		if (!there && __atomic_compare_exchange_n(&coverage_pairs[at], &there, pair, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			return true;
		}
		if (there == pair) {
			return false;
		}
	}
	return false;
}

static void edge_tell(uint64_t edge)
{
	uint64_t nth = __atomic_fetch_add(&nr_edges, 1, __ATOMIC_RELAXED);

	/* pairs with the load in coverage_read */
	__atomic_store_n(&order[nth % NR_EDGES], edge | cpu_bits(), __ATOMIC_RELEASE);
}

void coverage_take(uint64_t pair)
{
	uint64_t from = pair >> FUZZ_POINT_BITS, to = pair & FUZZ_POINT_MASK;

	if (!pair_add(pair)) {
		return;
	}
	if (!from) {
		edge_tell(pair);
	} else if (is_of_one_function(from, to)) {
		edge_tell(pair);
		if (pair_add(to)) {
			edge_tell(to);
		}
	} else if (pair_add(to)) {
		edge_tell(to);
	}
}

void coverage_tell_cpus(void) { __atomic_store_n(&has_cpus, true, __ATOMIC_RELAXED); }

int64_t coverage_read(uint64_t first, uint64_t at, uint64_t nr)
{
	uint64_t total = MIN(__atomic_load_n(&nr_edges, __ATOMIC_RELAXED), NR_EDGES);

	for (uint64_t i = first; i < total && i - first < nr; i++) {
		uint64_t edge = __atomic_load_n(&order[i], __ATOMIC_ACQUIRE);
		status_t status;

		if (!edge) { /* it is about to be written */
			return (int64_t)i;
		}
		status = store_user_u64((uva_t){ at + (i - first) * sizeof(edge) }, edge);
		if (status) {
			return status;
		}
	}
	return (int64_t)total;
}
