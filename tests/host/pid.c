/* sources: kernel/task/process/pid.c */

/* Numbers of processes and threads, against a table that says of each number whether it is taken.
 */
#include "host_assert.h"
#include "random.h"
#include "tap.h"

#include "core/cpu.h"
#include "task/process/pid.h"
#include "task/process/process.h"

static struct cpu cpu;
struct cpu *host_cpu = &cpu;
struct lock process_lock = { .cpu = 1 }; /* held by it */

static bool taken[PID_MAX + 2];
static unsigned nr_taken;

static uint32_t take(void)
{
	uint32_t id = pid_alloc();

	if (id) {
		taken[id] = true;
		nr_taken++;
	}
	return id;
}

static void give_back(uint32_t id)
{
	pid_free(id);
	taken[id] = false;
	nr_taken--;
}

/* pid_next from every number. */
static bool is_as_table(void)
{
	uint32_t expected = 0;

	for (uint32_t from = PID_MAX + 1; from-- > 0;) {
		expected = taken[from] ? from : expected;
		if (pid_next(from) != expected) {
			diag("from %u: %u, expected %u", from, pid_next(from), expected);
			return false;
		}
	}
	return pid_next(PID_MAX + 1) == 0;
}

static void test_all(void)
{
	bool is_in_order = true;

	for (uint32_t expected = 1; expected <= PID_MAX; expected++) {
		is_in_order = is_in_order && take() == expected;
	}
	ok(is_in_order, "each number is given out once, in order");
	is(take(), 0, "then none is left");
	ok(is_as_table(), "and each is found");
	for (uint32_t id = 1; id <= PID_MAX; id++) {
		give_back(id);
	}
	ok(is_as_table(), "given back, none is found");
}

static void test_round(void)
{
	uint32_t first = take(), second = take(), third;

	give_back(first);
	third = take();
	ok(second == first + 1 && third == second + 1,
	   "a number that was given back is not the next one");
	for (unsigned nr = nr_taken; nr < PID_MAX; nr++) {
		(void)take();
	}
	ok(nr_taken == PID_MAX && taken[first], "but comes when all others are taken");
	give_back(PID_MAX);
	is(take(), PID_MAX, "the last number alone");
	give_back(1);
	is(take(), 1, "the first one alone");
	give_back(1000);
	(void)take();
	give_back(999);
	is(take(), 999, "the one before the last that was given out, alone");
}

/* Few are taken, far apart: whole words of the bitmap are empty. */
static void test_sparse(void)
{
	static const uint32_t kept[] = { 1,   63,  64,   65,    127,   128,    129,
					 192, 193, 1024, 32703, 32704, PID_MAX };
	bool all_found = true;
	unsigned nr = 0;

	for (uint32_t id = 1; id <= PID_MAX; id++) {
		if (id != kept[nr]) {
			give_back(id);
		} else {
			nr++;
		}
	}
	ok(is_as_table(), "numbers at the edges of words are found from everywhere");
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 40; i++) {
			uint32_t id = 1 + (uint32_t)random_below(PID_MAX);

			if (taken[id]) {
				give_back(id);
			}
			(void)take();
		}
		all_found = all_found && is_as_table();
	}
	ok(all_found, "and so are others");
}

int main(void)
{
	test_all();
	test_round();
	test_sparse();
	return done_testing();
}
