/*
 * Write-once pools from inside the kernel, after the self-tests that came with the published
 * patches: every mode, sealing, write-rare, rolling back, destroying, and what must be refused.
 */
#include "arch/x86_64/entry/probe.h"
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"

enum { OBJECT_BYTES = 1000 };

static const char *const mode_names[NR_POOL_MODES] = { "RO", "WR", "AUTO_RO", "AUTO_WR",
						       "START_WR" };

static bool is_on(void) { return options.pmalloc != pmalloc_off; }

static pte_t entry_of(const void *object)
{
	return ptable_lookup(kernel_root, (uint64_t)object, NULL);
}

static bool is_read_only(const void *object)
{
	return !pte_is_writable(entry_of(object)) && frame_is_sealed(pte_frame(entry_of(object)));
}

static bool is_all(const void *object, int byte, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		if (((const uint8_t *)object)[i] != (uint8_t)byte) {
			return false;
		}
	}
	return true;
}

static void check_write_rare(const char *mode, void *object, bool is_allowed)
{
	status_t expected = is_allowed ? STATUS_OK : STATUS_EPERM;
	uint64_t *words = object;
	static const char text[] = "rarely";

	ktest_ok(wr_memset(object, 0x5a, OBJECT_BYTES) == expected, "%s: wr_memset is %s", mode,
		 is_allowed ? "done" : "refused");
	ktest_ok(wr_memcpy((char *)object + 9, text, sizeof(text)) == expected,
		 "%s: so is wr_memcpy", mode);
	ktest_ok(wr_assign(&words[4], 0x1122334455667788) == expected, "%s: so is wr_assign", mode);
	if (is_allowed) {
		ktest_ok(words[0] == 0x5a5a5a5a5a5a5a5a && words[4] == 0x1122334455667788 &&
				 !memcmp((char *)object + 9, text, sizeof(text)) &&
				 is_all((char *)object + 40, 0x5a, OBJECT_BYTES - 40),
			 "%s: and it is seen through the pool's mapping", mode);
	} else {
		ktest_ok(is_all(object, 0, OBJECT_BYTES), "%s: and nothing changed", mode);
	}
}

static void check_mode(enum pool_mode mode)
{
	bool is_write_rare = mode == POOL_WR || mode == POOL_AUTO_WR || mode == POOL_START_WR;
	bool is_auto = mode == POOL_AUTO_RO || mode == POOL_AUTO_WR;
	const char *name = mode_names[mode];
	const struct pool *pool;
	void *object, *later;

	if (pmalloc_create_pool(name, mode, PAGE_SIZE, 0, &pool) ||
	    pmalloc(pool, OBJECT_BYTES, &object)) {
		ktest_skip("no memory for a pool");
		return;
	}
	ktest_ok(is_read_only(object) == (is_on() && mode == POOL_START_WR),
		 "%s: a new object is %s", name, mode == POOL_START_WR ? "sealed" : "writable");
	ktest_ok(is_all(object, 0, OBJECT_BYTES), "%s: and zero", name);
	ktest_ok(pmalloc(pool, PAGE_SIZE, &later) == STATUS_OK, "%s: more than fits is found",
		 name);
	ktest_ok(is_read_only(object) == (is_on() && (is_auto || mode == POOL_START_WR)),
		 "%s: a full area %s", name, is_auto ? "seals itself" : "stays as it is");
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK, "%s: it is sealed", name);
	ktest_ok(is_read_only(object) == is_on() && is_read_only(later) == is_on(),
		 "%s: what it holds is read-only", name);
	ktest_ok(direct_map_has(pte_frame(entry_of(object))) == (options.pmalloc != pmalloc_full),
		 "%s: its frame is %s the direct map", name,
		 options.pmalloc == pmalloc_full ? "absent from" : "in");
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_EPERM, "%s: sealing twice is refused", name);
	ktest_ok(pmalloc(pool, 8, &later) == STATUS_EPERM, "%s: nothing comes out of it", name);
	ktest_ok(pfree(pool, object) == STATUS_EPERM, "%s: nothing goes back", name);
	if (is_on()) {
		check_write_rare(name, object, is_write_rare);
		ktest_ok(is_read_only(object), "%s: and it is still read-only", name);
		ktest_ok(pmalloc_make_pool_ro(pool) == (is_write_rare ? STATUS_OK : STATUS_EPERM),
			 "%s: it becomes read-only for good", name);
		ktest_ok(wr_memset(object, 1, 1) == STATUS_EPERM, "%s: then wr_memset is refused",
			 name);
	}
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK, "%s: it is destroyed", name);
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_EINVAL, "%s: once", name);
}

/* Where a page is mapped that a fault may be taken on, there is one; elsewhere a read faults. */
static bool is_there(const void *object)
{
	uint64_t value;

	return probe_read((uint64_t)object, &value);
}

KTEST_SUITE(pool_modes)
{
	struct pool_stats before, after;

	pool_stats_read(&before);
	for (enum pool_mode mode = 0; mode < NR_POOL_MODES; mode++) {
		check_mode(mode);
	}
	pool_stats_read(&after);
	ktest_ok(before.nr_pools == after.nr_pools && before.nr_areas == after.nr_areas &&
			 before.nr_pages == after.nr_pages,
		 "nothing is left of them");
}

KTEST_SUITE(pool_destroy)
{
	const struct pool *pool, *next;
	void *object, *reused;

	if (pmalloc_create_pool("first", POOL_RO, 0, 0, &pool) || pmalloc(pool, 100, &object) ||
	    pmalloc_create_pool("next", POOL_RO, 0, 0, &next)) {
		ktest_skip("no memory for pools");
		return;
	}
	ktest_ok(is_there(object), "an object can be read");
	if (is_on()) {
		ktest_ok(!is_there((char *)align_down((uint64_t)object, PAGE_SIZE) - 8) &&
				 !is_there((char *)align_down((uint64_t)object, PAGE_SIZE) + 16384),
			 "on both sides of its area a guard page lies");
	}
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK, "its pool is sealed");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK, "and destroyed");
	ktest_ok(!is_there(object), "then there is nothing at its address");
	ktest_ok(pmalloc(next, 100, &reused) == STATUS_OK, "another pool gets an area");
	if (is_on()) {
		ktest_ok(reused != object, "at an address of its own");
	} else {
		ktest_ok(reused == object, "with pmalloc=off at the same address");
	}
	ktest_ok(pmalloc_destroy_pool(next) == STATUS_OK, "it is destroyed without being sealed");
}

/* Objects of an open pool: rolled back in any order, found by the checks. */
KTEST_SUITE(pool_objects)
{
	static const char text[] = "a text of 24 characters.";
	const struct pool *pool;
	struct pool_object found;
	void *first, *second, *aligned, *again;
	const char *copy;

	if (pmalloc_create_pool("objects", POOL_WR, PAGE_SIZE, 64, &pool) ||
	    pmalloc(pool, 10, &first) || pmalloc_array(pool, 5, 20, &second) ||
	    pzalloc(pool, 64, &aligned) || pstrdup(pool, text, &copy)) {
		ktest_skip("no memory for a pool");
		return;
	}
	ktest_ok(((uint64_t)first | (uint64_t)second | (uint64_t)aligned) % 64 == 0,
		 "objects are aligned as the pool says");
	ktest_ok(strcmp(copy, text) == 0, "pstrdup copies a text");
	ktest_ok(pool_object_at((uint64_t)second + 99, &found) && found.start == (uint64_t)second &&
			 found.size_bytes == 100 && !found.is_sealed,
		 "an object is found by any of its bytes");
	ktest_ok(!pool_object_at((uint64_t)second + 100, &found), "and not by the byte behind it");
	ktest_ok(pool_of(second) == pool && !pool_of((char *)second + 1),
		 "its pool is found by where it starts");
	memset(second, 0xff, 100);
	ktest_ok(pfree(pool, second) == STATUS_OK && pfree(pool, first) == STATUS_OK,
		 "objects are rolled back");
	ktest_ok(pfree(pool, first) == STATUS_EFAULT, "once");
	ktest_ok(pfree(pool, NULL) == STATUS_OK, "NULL is nothing");
	do {
		again = NULL;
	} while (pmalloc(pool, 100, &again) == STATUS_OK && again > aligned &&
		 (uint64_t)again - (uint64_t)aligned < PAGE_SIZE);
	ktest_ok(again && again < aligned && is_all(again, 0, 100),
		 "their room is used again when the area is full, and zero");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK, "the pool is destroyed");
}

static void refused_targets(const struct pool *pool, char *object)
{
	static const uint64_t constant = 1;
	uint64_t on_stack = 1;
	char *gone;

	ktest_ok(wr_memset(object + OBJECT_BYTES - 1, 0, 2) == STATUS_ERANGE,
		 "a write that straddles the end of an object");
	ktest_ok(wr_memset(object, 0, SIZE_MAX) == STATUS_ERANGE, "one that wraps around");
	ktest_ok(wr_memset(object - 1, 0, 1) == STATUS_EFAULT, "one in front of it");
	ktest_ok(wr_assign(&constant, 2ul) == STATUS_EFAULT && constant == 1, "a constant");
	ktest_ok(wr_assign(&on_stack, 2ul) == STATUS_EFAULT && on_stack == 1, "a stack");
	ktest_ok(wr_memset(pool, 0, 8) == STATUS_EFAULT, "a pool's descriptor");
	ktest_ok(wr_memset((void *)direct_map_base, 0, 8) == STATUS_EFAULT, "the direct map");
	ktest_ok(wr_memset((void *)USER_MIN, 0, 8) == STATUS_EFAULT, "user memory");
	ktest_ok(wr_memset(NULL, 0, 8) == STATUS_EFAULT, "a null pointer");
	ktest_ok(wr_store(object + 4, 0, 8) == STATUS_EINVAL &&
			 wr_store(object, 0, 3) == STATUS_EINVAL,
		 "a store that would tear");
	gone = (char *)align_down((uint64_t)object, PAGE_SIZE) + PAGE_SIZE;
	ktest_ok(wr_memset(gone, 0, 8) == STATUS_EFAULT, "a guard page");
}

KTEST_SUITE(pool_misuse)
{
	const struct pool *pool, *other;
	void *object, *none;
	struct pool_stats stats;

	if (pmalloc_create_pool("misuse", POOL_WR, PAGE_SIZE, 0, &pool) ||
	    pmalloc_create_pool("other", POOL_WR, PAGE_SIZE, 0, &other) ||
	    pmalloc(pool, OBJECT_BYTES, &object)) {
		ktest_skip("no memory for pools");
		return;
	}
	ktest_diag("all of these are refused:");
	ktest_ok(pmalloc(pool, 0, &none) == STATUS_EINVAL, "an object of no size");
	ktest_ok(pmalloc(pool, POOL_OBJECT_MAX + 1, &none) == STATUS_ERANGE &&
			 pmalloc(pool, SIZE_MAX, &none) == STATUS_ERANGE,
		 "one too large");
	ktest_ok(pmalloc_array(pool, SIZE_MAX / 8, 16, &none) == STATUS_ERANGE,
		 "an array whose size overflows");
	ktest_ok(pmalloc_create_pool("", NR_POOL_MODES, 0, 0, &pool) == STATUS_EINVAL &&
			 pmalloc_create_pool("", POOL_RO, 0, 24, &pool) == STATUS_EINVAL &&
			 pmalloc_create_pool("", POOL_RO, 0, 3, &pool) == STATUS_EINVAL &&
			 pmalloc_create_pool("", POOL_RO, 0, 2 * PAGE_SIZE, &pool) ==
				 STATUS_EINVAL &&
			 pmalloc_create_pool("", POOL_RO, SIZE_MAX, 0, &pool) == STATUS_EINVAL,
		 "pools that make no sense");
	ktest_ok(pfree(other, object) == STATUS_EFAULT, "to free an object of another pool");
	ktest_ok(pfree(pool, (char *)object + 8) == STATUS_EFAULT, "to free the inside of one");
	ktest_ok(pfree(pool, &stats) == STATUS_EFAULT, "to free what is in no pool");
	ktest_ok(pmalloc((const struct pool *)object, 8, &none) == STATUS_EINVAL &&
			 pmalloc((const struct pool *)((const char *)pool + 8), 8, &none) ==
				 STATUS_EINVAL &&
			 pmalloc(NULL, 8, &none) == STATUS_EINVAL &&
			 pmalloc_destroy_pool((const struct pool *)direct_map_base) ==
				 STATUS_EINVAL,
		 "descriptors that are none");
	if (is_on()) {
		ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK, "a pool to write to");
		refused_targets(pool, object);
		ktest_ok(is_read_only(pool), "descriptors are sealed");
	}
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK &&
			 pmalloc_destroy_pool(other) == STATUS_OK,
		 "the pools are destroyed");
}
