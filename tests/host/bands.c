/* sources: kernel/lib/string.c */

/*
 * Whose turn it is on one processor, with threads of a model: each runs for a time that is its own,
 * then waits until it is woken, or is made to go by a tick. Everything is counted in steps of a
 * hundredth of a slice.
 */
#include "random.h"
#include "tap.h"

#include "task/sched/bands.h"

enum { SLICE = 100, NR_MAX = 300 };

struct thread {
	struct list node;
	enum band band, fresh;
	unsigned burst; /* steps that it runs before it waits; 0: it always computes */
	unsigned sleep; /* steps that it waits then; 0: until `partner` waits */
	struct thread *partner;
	unsigned left; /* of its slice */
	unsigned in_burst, wakes_at;
	bool is_ready;
	unsigned nr_steps, nr_turns, waited_since, longest_wait;
};

static struct thread threads[NR_MAX];
static unsigned nr_threads, now;
static struct bands bands;
static struct thread *running;

static void begin(void)
{
	memset(threads, 0, sizeof(threads));
	nr_threads = now = 0;
	running = NULL;
	bands_init(&bands);
}

static void make_ready(struct thread *thread)
{
	thread->is_ready = true;
	thread->waited_since = now;
	thread->band = thread->fresh + (thread->left == 0);
	bands_push(&bands, &thread->node, thread->band);
}

static struct thread *add(enum band fresh, unsigned burst, unsigned sleep)
{
	struct thread *thread = &threads[nr_threads++];

	*thread = (struct thread){ .fresh = fresh, .burst = burst, .sleep = sleep };
	list_init(&thread->node);
	make_ready(thread);
	return thread;
}

static void add_pair(enum band fresh, unsigned burst)
{
	struct thread *one = add(fresh, burst, 0), *other = add(fresh, burst, 0);

	one->partner = other;
	other->partner = one;
	/* the other one waits first */
	list_remove(&other->node);
	other->is_ready = false;
}

static void take(void)
{
	struct list *node = bands_next(&bands);

	running = NULL;
	if (!node) {
		return;
	}
	running = LIST_ENTRY(node, struct thread, node);
	list_remove(node);
	if (band_is_spent(running->band)) {
		running->left = SLICE;
	}
	running->is_ready = false;
	running->in_burst = 0;
	running->nr_turns++;
	if (now - running->waited_since > running->longest_wait) {
		running->longest_wait = now - running->waited_since;
	}
}

static void wait_now(struct thread *thread)
{
	if (thread->partner) {
		make_ready(thread->partner);
	} else {
		thread->wakes_at = now + thread->sleep;
	}
	take();
}

static void tick(void)
{
	bands_tick(&bands, running && running->fresh == BAND_ROOT_FRESH);
	if (running && running->left == 0) {
		struct thread *last = running;

		make_ready(last);
		take();
	}
}

static void run_for(unsigned nr_steps)
{
	for (unsigned end = now + nr_steps; now < end;) {
		for (unsigned i = 0; i < nr_threads; i++) {
			if (threads[i].wakes_at == now && now) {
				make_ready(&threads[i]);
			}
		}
		if (now % SLICE == 0) {
			tick();
		}
		if (!running) {
			take();
		}
		now++;
		if (running) {
			running->nr_steps++;
			running->left -= running->left != 0;
			if (running->burst && ++running->in_burst == running->burst) {
				wait_now(running);
			}
		}
	}
}

static unsigned steps_of(unsigned from, unsigned to)
{
	unsigned nr = 0;

	for (unsigned i = from; i < to; i++) {
		nr += threads[i].nr_steps;
	}
	return nr;
}

static void test_shares(void)
{
	enum { NR_COMPUTING = 10, NR_SLICES = 1200 };

	begin();
	add(BAND_USER_FRESH, 0, 0);
	add_pair(BAND_USER_FRESH, 1);
	run_for(NR_SLICES * SLICE);
	diag("a pair beside one: %u steps to %u", steps_of(1, 3), threads[0].nr_steps);
	ok(steps_of(1, 3) > NR_SLICES * SLICE / 3, "a pair gets a third and more beside one");
	ok(threads[0].nr_steps > NR_SLICES * SLICE / 3, "and leaves that one its third");

	begin();
	for (unsigned i = 0; i < NR_COMPUTING; i++) {
		add(BAND_USER_FRESH, 0, 0);
	}
	add_pair(BAND_USER_FRESH, 1);
	run_for(NR_SLICES * SLICE);
	diag("a pair beside ten: %u steps, the first of the ten %u", steps_of(10, 12),
	     threads[0].nr_steps);
	ok(steps_of(10, 12) <= NR_SLICES * SLICE * 3 / 12 &&
		   steps_of(10, 12) >= NR_SLICES * SLICE / 12,
	   "beside ten a pair gets about what two of twelve should");
	ok(threads[0].longest_wait <= 16 * SLICE,
	   "and nobody waits for longer than a round: %u steps", threads[0].longest_wait);
}

static void test_root(void)
{
	struct thread *shell;

	begin();
	for (unsigned i = 0; i < 250; i++) {
		add(BAND_USER_FRESH, i % 2, 7);
	}
	shell = add(BAND_ROOT_FRESH, 2, 150);
	run_for(3000 * SLICE);
	ok(shell->nr_turns > 1000, "a shell of root's has its turns beside 250 of others: %u",
	   shell->nr_turns);
	ok(shell->longest_wait <= 2 * SLICE, "and never waits for longer than two slices: %u steps",
	   shell->longest_wait);

	begin();
	add(BAND_ROOT_FRESH, 0, 0);
	add(BAND_ROOT_FRESH, 0, 0);
	add_pair(BAND_ROOT_FRESH, 1);
	for (unsigned i = 0; i < 5; i++) {
		add(BAND_USER_FRESH, 0, 0);
	}
	add_pair(BAND_USER_FRESH, 1);
	run_for(2000 * SLICE);
	diag("users beside computing root: %u steps of %u", steps_of(4, 11), now);
	ok(steps_of(4, 11) >= now / (BANDS_ROOT_TICKS + 3),
	   "root that computes leaves users their turns");
	ok(steps_of(0, 4) >= now / 2, "and has most of the time");
	for (unsigned i = 4; i < 9; i++) {
		ok(threads[i].nr_turns > 2000 / (BANDS_ROOT_TICKS + 3) / 12,
		   "user %u has turns: %u", i, threads[i].nr_turns);
	}
}

static void test_order(void)
{
	struct list nodes[NR_BANDS][2];
	unsigned nr_right = 0;

	begin();
	ok(!bands_next(&bands), "nobody waits at first");
	for (unsigned band = NR_BANDS; band-- > 0;) {
		bands_push(&bands, &nodes[band][0], band);
		bands_push(&bands, &nodes[band][1], band);
	}
	for (unsigned i = 0; i < 2 * NR_BANDS; i++) {
		struct list *next = bands_next(&bands);

		nr_right += next == &nodes[i / 2][i % 2];
		list_remove(next);
	}
	is(nr_right, 2 * NR_BANDS,
	   "bands are served in their order, and each in the order of arrival");
	ok(!bands_next(&bands), "and all come");
}

/* Any mixture: nobody starves. */
static void test_mixtures(void)
{
	unsigned nr_starved = 0, longest = 0;

	for (unsigned round = 0; round < soak(2000u, 100u); round++) {
		begin();
		for (unsigned i = 0; i < 20; i++) {
			enum band fresh = random_below(4) ? BAND_USER_FRESH : BAND_ROOT_FRESH;

			if (random_below(4) == 0) {
				add_pair(fresh, 1 + (unsigned)random_below(5));
			} else {
				add(fresh, (unsigned)random_below(150),
				    1 + (unsigned)random_below(300));
			}
		}
		run_for(1000 * SLICE);
		for (unsigned i = 0; i < nr_threads; i++) {
			nr_starved += threads[i].nr_turns < 2;
			longest = threads[i].longest_wait > longest ? threads[i].longest_wait
								    : longest;
		}
	}
	is(nr_starved, 0, "in no mixture does anybody starve");
	diag("the longest wait: %u slices", longest / SLICE);
}

/* Turns begin anywhere between two ticks and end at one; over time each is a slice. */
static void test_slices(void)
{
	unsigned nr_long = 0, nr_unfair = 0;

	for (unsigned round = 0; round < soak(2000u, 100u); round++) {
		/* some begin right after a tick always */
		unsigned latest = 1 + (unsigned)random_below(SLICE);
		uint64_t run_time = 0, end = 0, nr = 100;

		for (unsigned turn = 0; turn < nr; turn++) {
			uint64_t before = run_time;

			end = slice_next(run_time, end, SLICE);
			run_time += SLICE - random_below(latest);
			while (!slice_is_over(run_time, end, SLICE)) {
				run_time += SLICE;
			}
			nr_long += run_time - before > 2 * SLICE;
		}
		nr_unfair += run_time > (nr + 1) * SLICE || run_time < (nr - 1) * SLICE;
	}
	is(nr_long, 0, "no turn is longer than two slices");
	is(nr_unfair, 0, "a hundred turns are a hundred slices, give or take one");
}

int main(void)
{
	test_slices();
	test_order();
	test_shares();
	test_root();
	test_mixtures();
	return done_testing();
}
