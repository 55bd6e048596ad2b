/* sources: tests/host/mm/machine.list */

/* Frames for the kernel and for users, under each XPFO variant: random runs against a model, then
 * the edges. */
#include "host_assert.h"
#include "mm/machine.h"
#include "random.h"
#include "tap.h"

#include "core/cpu.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/stock.h"
#include "mm/frame/window.h"
#include "mm/frame/xpfo.h"

enum { BLOCKS_MAX = MACHINE_FRAMES, KMAPS_MAX = 5, CHECK_EVERY = 16, PHASE = 1000, NR_USERS = 64 };

struct block {
	pfn_t first;
	unsigned order, refs, kmaps;
	enum owner owner;
};

static struct block blocks[BLOCKS_MAX];
static unsigned nr_blocks;
static bool is_taken[MACHINE_FRAMES]; /* handed out, and not in the batch */
static pfn_t batch[FRAMES_PUT_MAX];   /* whose last reference is to go */
static unsigned nr_batch;
static unsigned nr_refused;

static void batch_finish(void)
{
	frames_put_user(batch, nr_batch);
	nr_batch = 0;
}

static bool user_can_have(unsigned order)
{
	if (order == 0 && stock_count(this_cpu()->frame_cache, FRAME_CACHE_MAX)) {
		return true;
	}
	return machine_nr_free() >= machine_nr_reserve() + (1u << order) &&
	       machine_block_exists(order);
}

static void block_add(pfn_t first, unsigned order, enum owner owner)
{
	for (uint32_t i = first.pfn; i < first.pfn + (1u << order); i++) {
		if (is_taken[i]) {
			machine_die("frame %u handed out twice", i);
		}
		is_taken[i] = true;
		if (frames[i].owner != owner ||
		    !(frames[i].flags & FRAME_TAIL) != (owner != OWNER_USER || i == first.pfn)) {
			machine_die("frame %u is of %s, flags %u", i, owner_name(frames[i].owner),
				    frames[i].flags);
		}
		if (!(frames[i].flags & FRAME_HIDDEN) !=
		    (owner != OWNER_USER || options.xpfo == xpfo_off)) {
			machine_die("frame %u for %s: flags %u", i, owner_name(owner),
				    frames[i].flags);
		}
	}
	blocks[nr_blocks++] = (struct block){ first, order, 1, 0, owner };
}

static void step_alloc_kernel(void)
{
	static const enum owner owners[] = { OWNER_KERNEL, OWNER_PTABLE, OWNER_ENTRY };
	enum owner owner = owners[random_below(ARRAY_SIZE(owners))];
	unsigned order = (unsigned)random_below(random_below(8) ? 3 : 11);
	bool can = machine_block_exists(order), zeroed = random_below(2);
	pfn_t first = PFN_NONE;
	status_t status = (zeroed ? frame_alloc_zeroed : frame_alloc_kernel)(owner, order, &first);

	if (status != (can ? STATUS_OK : STATUS_ENOMEM)) {
		machine_die("order %u for the kernel: status %d, possible: %d", order, status, can);
	}
	nr_refused += !can;
	if (can) {
		if (zeroed && !machine_is_zero(first, order)) {
			machine_die("frame %u is not zeroed", first.pfn);
		}
		block_add(first, order, owner);
		memset(direct_map_pointer(first), 0x5a, (size_t)PAGE_SIZE << order);
	}
}

static void step_alloc_user(unsigned order)
{
	bool can = user_can_have(order);
	pfn_t first = PFN_NONE;
	status_t status = (order ? frame_alloc_large : frame_alloc_user)(&first);

	if (status != (can ? STATUS_OK : STATUS_ENOMEM) || (!can && !pfn_is_none(first))) {
		machine_die("order %u for users: status %d, possible: %d", order, status, can);
	}
	nr_refused += !can;
	if (can) {
		block_add(first, order, OWNER_USER);
		if (!machine_is_zero(first, order) || frame_entry(first)->refs != 1) {
			machine_die("user frame %u: %u references, or not zeroed", first.pfn,
				    frame_entry(first)->refs);
		}
		window_write(&first, 1, random_below(PAGE_SIZE - 4), "user", 4);
	}
}

static void step_alloc_failing(void)
{
	uint64_t nr_free = machine_nr_free();
	pfn_t first = PFN_NONE;
	status_t status;

	machine_fail_after(0);
	status = random_below(2) ? frame_alloc_user(&first)
				 : frame_alloc_kernel(OWNER_KERNEL, 1, &first);
	if (status != STATUS_ENOMEM || !machine_fail_stop() || !pfn_is_none(first) ||
	    machine_nr_free() != nr_free) {
		machine_die("a failed allocation did something");
	}
}

/* Drops one reference of a user block, or frees a kernel block. */
static void block_drop(unsigned i)
{
	struct block *block = &blocks[i];

	if (block->owner != OWNER_USER) {
		frame_free_kernel(block->first, block->order);
	} else {
		while (block->kmaps) {
			xpfo_kunmap(block->first);
			block->kmaps--;
		}
		if (block->refs > 1) {
			block->refs--;
			frame_put_user(block->first);
			return;
		}
		window_write(&block->first, 1, random_below(PAGE_SIZE - 4), "dirt", 4);
		batch[nr_batch++] = block->first;
		if (nr_batch == FRAMES_PUT_MAX || random_below(16) == 0) {
			batch_finish();
		}
	}
	for (uint32_t k = 0; k < 1u << block->order; k++) {
		is_taken[block->first.pfn + k] = false;
	}
	*block = blocks[--nr_blocks];
}

static void step_share(struct block *block)
{
	if (block->owner == OWNER_USER && block->refs < 4) {
		frame_entry(block->first)->refs++;
		block->refs++;
	}
}

static void step_kmap(struct block *block)
{
	char *bytes;

	if (block->owner != OWNER_USER || block->kmaps == KMAPS_MAX) {
		return;
	}
	bytes = xpfo_kmap(block->first);
	block->kmaps++;
	bytes[17] = 'k';
	if (((char *)machine_ram(block->first))[17] != 'k' ||
	    !machine_direct_map_has(block->first)) {
		machine_die("frame %u: kmap shows something else", block->first.pfn);
	}
}

static void step_kunmap(struct block *block)
{
	if (block->kmaps) {
		xpfo_kunmap(block->first);
		block->kmaps--;
		if (machine_direct_map_has(block->first) !=
		    (block->kmaps > 0 || options.xpfo == xpfo_off)) {
			machine_die("frame %u: wrong direct map after kunmap", block->first.pfn);
		}
	}
}

static void step(bool is_filling)
{
	unsigned which = (unsigned)random_below(100),
		 any = nr_blocks ? (unsigned)random_below(nr_blocks) : 0;

	if (!nr_blocks || which < (is_filling ? 34 : 16)) {
		step_alloc_user(random_below(16) ? 0 : HUGE_ORDER);
	} else if (which < 42) {
		step_alloc_kernel();
	} else if (which < 44) {
		step_alloc_failing();
	} else if (which < 50) {
		step_share(&blocks[any]);
	} else if (which < 60) {
		step_kmap(&blocks[any]);
	} else if (which < 64) {
		step_kunmap(&blocks[any]);
	} else if (which < 70) {
		machine_other_cpu_touch((pfn_t){ (uint32_t)random_below(MACHINE_FRAMES) });
		machine_other_cpu_store();
	} else if (which < 72) {
		machine_enter_kernels();
	} else {
		block_drop(any);
	}
}

static void drop_all(void)
{
	while (nr_blocks) {
		block_drop(nr_blocks - 1);
	}
	batch_finish();
}

static void random_run(const char *variant)
{
	unsigned nr_steps = (unsigned)soak(20000, 6000);
	uint64_t nr_free = machine_nr_free();

	random_state = 1 + options.xpfo;
	nr_refused = 0;
	for (unsigned i = 0; i < nr_steps; i++) {
		machine_note("xpfo=%s, step %u of the random run", variant, i);
		step(i / PHASE % 2);
		/* nothing that the batch holds is free yet; the model says it is */
		if (nr_batch && random_below(4) == 0) {
			batch_finish();
		}
		if (i % soak(CHECK_EVERY, 4 * CHECK_EVERY) == 0) {
			machine_check();
		}
	}
	drop_all();
	machine_check();
	is(machine_nr_free(), nr_free,
	   "xpfo=%s: %u random steps, %u of them refused, and every frame is back", variant,
	   nr_steps, nr_refused);
}

static unsigned user_take_all(void)
{
	unsigned nr_before = nr_blocks, nr_last;

	do {
		nr_last = nr_blocks;
		step_alloc_user(0);
	} while (nr_blocks != nr_last);
	return nr_blocks - nr_before;
}

static unsigned kernel_take_all(void)
{
	unsigned nr = 0;
	pfn_t first;

	while (frame_alloc_kernel(OWNER_KERNEL, 0, &first) == STATUS_OK) {
		block_add(first, 0, OWNER_KERNEL);
		memset(direct_map_pointer(first), 0x77, PAGE_SIZE);
		nr++;
	}
	return nr;
}

static void edges(const char *variant)
{
	uint64_t nr_free = machine_nr_free(), nr_reserve = machine_nr_reserve(), reveals;

	machine_note("xpfo=%s, the edges", variant);
	is(user_take_all(), nr_free - nr_reserve, "xpfo=%s: users get all but the kernel's reserve",
	   variant);
	is(kernel_take_all(), nr_reserve,
	   "xpfo=%s: the kernel gets the reserve when users have the rest", variant);
	machine_check();
	drop_all();
	machine_check();
	is(machine_nr_free(), nr_free, "xpfo=%s: exhausted memory comes back whole", variant);
	(void)user_take_all();
	drop_all();
	step_alloc_user(0); /* the others are in this CPU's cache then */
	reveals = this_cpu()->counters[COUNTER_reveals];
	is(kernel_take_all(), nr_free - 1, "xpfo=%s: the kernel can have what users gave back",
	   variant);
	reveals = this_cpu()->counters[COUNTER_reveals] - reveals;
	ok((reveals > nr_free / 2) == xpfo.stays_hidden, "xpfo=%s: %lu frames were revealed for it",
	   variant, reveals);
	machine_check();
	drop_all();
	for (unsigned i = 0; i < NR_USERS; i++) {
		step_alloc_user(0);
	}
	is(kernel_take_all(), nr_free - NR_USERS,
	   "xpfo=%s: the kernel can have what is in quarantine", variant);
	machine_check();
	drop_all();
}

static void test_all(void)
{
	static const char *const variants[] = { "off",     "v1", "v6",   "v7noflush", "v7",   "v8",
						"v8batch", "v9", "sync", "pageblock", "epoch" };

	machine_start();
	for (unsigned i = 0; i < ARRAY_SIZE(variants); i++) {
		machine_choose_xpfo((enum option_xpfo)i);
		machine_other_cpu_forget();
		random_run(variants[i]);
		edges(variants[i]);
	}
}

static void test_large(void)
{
	options.directmap = directmap_2m;
	test_all();
}

int main(void)
{
	apart(test_large, "the same with large pages in the direct map");
	test_all();
	return done_testing();
}
