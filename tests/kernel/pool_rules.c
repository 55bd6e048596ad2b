/* Write-once pools from inside the kernel: when an area is sealed, how often that flushes, and who
 * may write rarely. */
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/layout.h"
#include "mm/pmalloc.h"
#include "mm/ptable.h"
#include "mm/tlb.h"

enum { OBJECT_BYTES = 1000 };

static bool is_on(void) { return options.pmalloc != pmalloc_off; }

static bool is_writable(const void *object)
{
	return pte_is_writable(ptable_lookup(kernel_root, (uint64_t)object, NULL));
}

static bool is_on_page_of(const void *object, const void *other)
{
	return align_down((uint64_t)object, PAGE_SIZE) == align_down((uint64_t)other, PAGE_SIZE);
}

/* An area of one page is filled, object by object, until the next one is begun. */
static void fill_one_area(enum pool_mode mode, const char *name)
{
	const struct pool *pool;
	bool was_open = true;
	void *first, *next;
	unsigned nr = 1;

	if (pmalloc_create_pool(name, mode, PAGE_SIZE, 0, &pool) ||
	    pmalloc(pool, OBJECT_BYTES, &first)) {
		ktest_skip("no memory for a pool");
		return;
	}
	while (pmalloc(pool, OBJECT_BYTES, &next) == STATUS_OK && is_on_page_of(next, first)) {
		was_open &= is_writable(first);
		nr++;
	}
	ktest_ok(nr == 3 && was_open, "%s: an area of a page takes 3 objects, open all the time",
		 name);
	ktest_ok(is_writable(first) != is_on(),
		 "%s: it is sealed with the first that it has no room for", name);
	ktest_ok(is_writable(next), "%s: which lies in an open one", name);
	ktest_ok(pfree(pool, first) == (is_on() ? STATUS_EPERM : STATUS_OK),
		 "%s: what is in the sealed one stays", name);
	ktest_ok(pfree(pool, next) == STATUS_OK, "%s: what is in the open one can be rolled back",
		 name);
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK, "%s: it is destroyed", name);
}

KTEST_SUITE(pool_auto)
{
	fill_one_area(POOL_AUTO_RO, "AUTO_RO");
	fill_one_area(POOL_AUTO_WR, "AUTO_WR");
}

static void count_generations(unsigned nr_areas)
{
	const struct pool *pool;
	uint64_t before;
	void *object;

	if (pmalloc_create_pool("generations", POOL_WR, PAGE_SIZE, 0, &pool)) {
		ktest_skip("no memory for a pool");
		return;
	}
	for (unsigned i = 0; i < nr_areas; i++) {
		if (pmalloc(pool, (i + 1) * PAGE_SIZE, &object)) {
			nr_areas = 0;
		}
	}
	before = ktlb_generation();
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK && ktlb_generation() == before + 1,
		 "sealing a pool of %u areas takes one generation", nr_areas);
	ktest_ok(ktlb_is_complete(before + 1), "which is complete when it returns");
	before = ktlb_generation();
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK && ktlb_is_complete(before + 1),
		 "so is that of destroying it");
}

KTEST_SUITE(pool_generations)
{
	count_generations(1);
	count_generations(9);
}

static void check_claimed(const struct pool *pool, const struct pool *other, uint64_t *word)
{
	static const char text[] = "by its owner alone";
	uint64_t value = 7;

	ktest_ok(wr_assign(word, value) == STATUS_EPERM && wr_memset(word, 1, 8) == STATUS_EPERM &&
			 wr_memcpy(word, text, sizeof(text)) == STATUS_EPERM && !*word,
		 "write-rare calls that do not name it are refused");
	ktest_ok(wr_assign_in(other, word, value) == STATUS_EFAULT &&
			 wr_memcpy_in(other, word, text, sizeof(text)) == STATUS_EFAULT && !*word,
		 "so are those that name another pool");
	ktest_ok(wr_assign_in((const struct pool *)word, word, value) == STATUS_EFAULT && !*word,
		 "and those that name none");
	ktest_ok(wr_memcpy_in(pool, word, text, sizeof(text)) == STATUS_OK &&
			 !memcmp(word, text, sizeof(text)),
		 "what names it may write");
	ktest_ok(wr_assign_in(pool, word, value) == STATUS_OK && *word == value, "a word, too");
	ktest_ok(wr_memcpy_in(pool, (char *)word + OBJECT_BYTES - 4, text, 8) == STATUS_ERANGE,
		 "within the object");
	ktest_ok(pmalloc_make_pool_ro(pool) == STATUS_OK &&
			 wr_assign_in(pool, word, value) == STATUS_EPERM,
		 "and no more when the pool is read-only");
}

KTEST_SUITE(pool_claim)
{
	const struct pool *pool, *other;
	void *object;

	if (!is_on()) {
		ktest_skip("with pmalloc=off nothing is checked");
		return;
	}
	if (pmalloc_create_pool("claimed", POOL_WR, 0, 0, &pool) ||
	    pmalloc_create_pool("other", POOL_WR, 0, 0, &other) ||
	    pmalloc(pool, OBJECT_BYTES, &object)) {
		ktest_skip("no memory for pools");
		return;
	}
	ktest_ok(pmalloc_claim_pool(pool) == STATUS_OK && pmalloc_protect_pool(pool) == STATUS_OK,
		 "a pool is claimed");
	ktest_ok(pmalloc_claim_pool(pool) == STATUS_EPERM &&
			 pmalloc_claim_pool(NULL) == STATUS_EINVAL,
		 "once");
	check_claimed(pool, other, object);
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK &&
			 pmalloc_destroy_pool(other) == STATUS_OK,
		 "the pools are destroyed");
}
