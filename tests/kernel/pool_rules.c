/* Write-once pools from inside the kernel: when an area is sealed, how often that flushes, and who
 * may write rarely. */
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/frame/frame.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

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
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK && ktlb_generation() == before + is_on(),
		 "sealing a pool of %u areas takes one generation", nr_areas);
	ktest_ok(ktlb_is_complete(before + is_on()), "which is complete when it returns");
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
	ktest_ok(pmalloc_make_pool_ro(pool) == STATUS_EPERM &&
			 wr_assign_in(pool, word, value + 1) == STATUS_OK && *word == value + 1,
		 "nobody makes it read-only");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_EPERM && *word == value + 1,
		 "nobody destroys it");
	ktest_ok(pmalloc_destroy_claimed_pool(other) == STATUS_EPERM,
		 "what is not claimed has no owner who destroys it");
}

KTEST_SUITE(pool_claim)
{
	const struct pool *claimed, *other;
	void *word;

	if (!is_on() || options.authority == authority_off) {
		ktest_skip("with pmalloc=off nothing is checked, with authority=off no claim");
		return;
	}
	if (pmalloc_create_pool("claimed", POOL_WR, 0, 0, &claimed) ||
	    pmalloc_create_pool("other", POOL_WR, 0, 0, &other) ||
	    pmalloc(claimed, OBJECT_BYTES, &word)) {
		ktest_skip("no memory for pools");
		return;
	}
	ktest_ok(pmalloc_claim_pool(claimed) == STATUS_OK &&
			 pmalloc_protect_pool(claimed) == STATUS_OK,
		 "a pool is claimed");
	ktest_ok(pmalloc_claim_pool(claimed) == STATUS_EPERM &&
			 pmalloc_claim_pool(NULL) == STATUS_EINVAL,
		 "once");
	check_claimed(claimed, other, word);
	ktest_ok(pmalloc_destroy_claimed_pool(claimed) == STATUS_OK, "its owner destroys it");
	ktest_ok(pmalloc_destroy_pool(other) == STATUS_OK, "another pool is destroyed");
}

static bool is_all_zero(const uint64_t *words, size_t nr)
{
	while (nr && !*words) {
		words++;
		nr--;
	}
	return !nr;
}

/* A page whose frame says that it is another's, in the middle of what is written. */
static void check_foreign_page(const char *name, char *object, size_t len_bytes)
{
	uint64_t page = align_down((uint64_t)object, PAGE_SIZE) + 10 * PAGE_SIZE;
	struct frame_link *link = frame_link(pte_frame(ptable_lookup(kernel_root, page, NULL)));

	link->prev++;
	ktest_ok(wr_memset(object, 1, len_bytes) == STATUS_EFAULT &&
			 wr_memcpy(object, object + 1, len_bytes) == STATUS_EFAULT,
		 "%s: a write-rare with a frame that is not the pool's is refused", name);
	link->prev--;
	ktest_ok(is_all_zero((uint64_t *)object, len_bytes / 8), "%s: before its first byte", name);
}

KTEST_SUITE(pool_long)
{
	size_t most = WR_PAGES_MAX * PAGE_SIZE, size_bytes = most + PAGE_SIZE;
	const struct pool *pool;
	char *object;

	if (!is_on()) {
		ktest_skip("with pmalloc=off nothing is checked");
		return;
	}
	if (pmalloc_create_pool("long", POOL_WR, size_bytes, PAGE_SIZE, &pool) ||
	    pmalloc(pool, size_bytes, (void **)&object) || pmalloc_protect_pool(pool)) {
		ktest_skip("no memory for a pool");
		return;
	}
	ktest_ok(wr_memset(object, 1, most + 1) == STATUS_ERANGE &&
			 wr_memcpy(object + 8, object, most) == STATUS_ERANGE &&
			 wr_memset(object + 1, 1, most) == STATUS_ERANGE,
		 "a write-rare of more than 64 pages is refused");
	ktest_ok(is_all_zero((uint64_t *)object, size_bytes / 8), "before its first byte");
	check_foreign_page("64 pages", object, most);
	ktest_ok(wr_memset(object, 1, most) == STATUS_OK && object[most - 1] == 1 && !object[most],
		 "one of 64 pages is done");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK, "its pool is destroyed");
}

/* A pool that is born sealed takes notes by write-rare, too. */
KTEST_SUITE(pool_notes)
{
	const struct pool *pool;
	void *object, *other = NULL;
	struct frame_link *link;

	if (!is_on()) {
		ktest_skip("with pmalloc=off nothing is checked");
		return;
	}
	if (pmalloc_create_pool("notes", POOL_START_WR, PAGE_SIZE, 0, &pool) ||
	    pmalloc(pool, 64, &object) || wr_memset(object, 1, 64)) {
		ktest_skip("no memory for a pool");
		return;
	}
	link = frame_link(pte_frame(ptable_lookup(kernel_root, (uint64_t)object, NULL)));
	link->prev++;
	ktest_ok(pfree(pool, object) == STATUS_EFAULT, "an object that cannot be scrubbed stays");
	ktest_ok(pmalloc(pool, 64, &other) != STATUS_OK || !is_on_page_of(other, object),
		 "no object is given that cannot be noted");
	link->prev--;
	ktest_ok(*(uint64_t *)object == 0x0101010101010101, "the first one is as it was");
	ktest_ok(pfree(pool, object) == STATUS_OK, "and goes when it can");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK, "its pool is destroyed");
}
