/*
 * Where the user's registers lie on the kernel stack: where the ring says, which has another place
 * for each entry, all places equally likely.
 */
#include "core/cpu.h"
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/table/entry_area.h"
#include "mm/table/layout.h"
#include "task/sched/thread.h"

enum {
	NR_PLACES = UINT8_MAX,
	NR_FILLS = 400,
	NR_EACH = NR_FILLS * KSTACK_RING_MAX / NR_PLACES,
	/* 254 degrees of freedom: more than 500 in one of 10^17 runs */
	CHI_SQUARE_MAX = 500,
	/* of NR_FILLS, where one in NR_PLACES is likely */
	REPEATED_MAX = NR_FILLS / 8
};

/* The current call's, as entry.asm counted when it came. */
static const struct regs *regs_expected(const struct cpu *cpu)
{
	uint8_t twice = (uint8_t)(cpu->syscalls_x2 - 2);

	return (const struct regs *)(cpu->lowest_regs + cpu->kstack_ring[twice / 2]);
}

static void place_check(const struct cpu *cpu)
{
	const struct regs *regs = regs_expected(cpu);
	uint64_t top = thread_current()->stack_top;

	ktest_ok((uint64_t)regs % 16 == 0 && (uint64_t)regs + sizeof(*regs) <= top &&
			 (uint64_t)regs > (uint64_t)__builtin_frame_address(0),
		 "the registers of a call lie on its stack");
	ktest_ok(regs->rip >= USER_MIN && regs->rip < USER_TOP && regs->rflags & RFLAGS_IF,
		 "where the ring says");
	ktest_ok((uint64_t)regs + sizeof(*regs) != top || options.kstack == kstack_fixed,
		 "and not at its end, but with kstack=fixed");
}

static uint16_t before[KSTACK_RING_MAX];
static uint16_t nr_of[NR_PLACES], nr_repeated[KSTACK_RING_MAX];

/* Is each place one that there is? */
static bool fill(struct cpu *cpu)
{
	bool is_good = true;

	memcpy(before, cpu->kstack_ring, sizeof(before));
	kstack_ring_fill(cpu);
	for (unsigned i = 0; i < KSTACK_RING_MAX; i++) {
		unsigned place = cpu->kstack_ring[i] / KSTACK_OFFSET_STEP;

		if (place >= NR_PLACES || cpu->kstack_ring[i] % KSTACK_OFFSET_STEP) {
			is_good = false;
		} else {
			nr_of[place]++;
			nr_repeated[i] += cpu->kstack_ring[i] == before[i];
		}
	}
	return is_good;
}

static void distribution_check(struct cpu *cpu)
{
	uint64_t squares = 0;
	unsigned most_repeated = 0;
	bool are_good = true;

	memset(nr_of, 0, sizeof(nr_of));
	memset(nr_repeated, 0, sizeof(nr_repeated));
	for (unsigned i = 0; i < NR_FILLS; i++) {
		are_good = fill(cpu) && are_good;
	}
	ktest_ok(are_good, "the ring holds places that there are");
	for (unsigned i = 0; i < NR_PLACES; i++) {
		int64_t difference = nr_of[i] - NR_EACH;

		squares += (uint64_t)(difference * difference);
	}
	if (!ktest_ok(squares < CHI_SQUARE_MAX * NR_EACH, "all are equally likely")) {
		ktest_diag("chi-square %lu", squares / NR_EACH);
	}
	for (unsigned i = 0; i < KSTACK_RING_MAX; i++) {
		most_repeated = MAX(most_repeated, (unsigned)nr_repeated[i]);
	}
	ktest_ok(most_repeated < REPEATED_MAX, "each entry of the ring is drawn anew");
}

KTEST_SUITE(kstack)
{
	struct cpu *cpu = this_cpu();

	place_check(cpu);
	if (options.kstack == kstack_fixed) {
		ktest_skip("kstack=fixed: there is one place");
		return;
	}
	distribution_check(cpu);
}
