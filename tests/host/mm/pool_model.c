/* The model of pools: a list of objects for each. */
#include "mm/pool_model.h"

#include <string.h>

#include "core/options.h"
#include "mm/machine.h"
#include "mm/pool/pool.h"
#include "mm/pool_tlb.h"
#include "mm/table/ptable.h"
#include "random.h"

enum { NR_POOLS = 6, OBJECTS_MAX = 200, SIZE_SMALL = 200, SIZE_LARGE = 20000, SIZE_HUGE = 300000 };

struct object {
	unsigned char *bytes;
	size_t size_bytes;
	unsigned char pattern;
};

static struct model_pool {
	const struct pool *pool; /* NULL: there is none */
	enum pool_mode mode;
	size_t align_bytes;
	bool is_protected, is_read_only, is_claimed;
	struct object objects[OBJECTS_MAX];
	unsigned nr_objects;
} pools[NR_POOLS];

static void expect(status_t got, status_t wanted, const char *what)
{
	if (got != wanted) {
		machine_die("%s: status %d, and %d was due", what, got, wanted);
	}
}

static pte_t entry_of(const void *at) { return ptable_lookup(kernel_root, (uint64_t)at, NULL); }

static bool is_all(const unsigned char *bytes, size_t len_bytes, unsigned char value)
{
	return bytes[0] == value && memcmp(bytes, bytes + 1, len_bytes - 1) == 0;
}

/* Whether the CPU can write to it, by the area's own account and by the page table's. */
static bool is_sealed(const struct object *object)
{
	struct pool_object found;

	if (!pool_object_at((uint64_t)object->bytes, &found)) {
		machine_die("an object at %p is not found", (void *)object->bytes);
	}
	if (found.is_sealed == pte_is_writable(entry_of(object->bytes))) {
		machine_die("an area and its page table disagree about being sealed");
	}
	return found.is_sealed;
}

/* Sealed: marked so, and no TLB has its frame through the direct map. */
static void sealed_check(const struct object *object)
{
	pfn_t frame = pte_frame(entry_of(object->bytes));

	if (!is_sealed(object) || !(frame_entry(frame)->flags & FRAME_SEALED)) {
		machine_die("an object of a protected pool is not sealed");
	}
	if (options.pmalloc == pmalloc_full && machine_is_stale(frame.pfn)) {
		machine_die("sealed frame %u is in a TLB through the direct map", frame.pfn);
	}
}

/* How much of the object a write-rare may reach from there. */
static size_t within_reach(const struct object *object, size_t offset)
{
	return MIN(object->size_bytes - offset,
		   WR_PAGES_MAX * PAGE_SIZE - (uintptr_t)(object->bytes + offset) % PAGE_SIZE);
}

/* A claimed pool is not for calls that do not name it. Each call is done, or changes nothing. */
static void write_rarely(const struct model_pool *model, struct object *object)
{
	static unsigned char bytes[SIZE_HUGE];
	uint64_t value = object->pattern * 0x0101010101010101ul;
	const struct pool *named = model->is_claimed || random_below(2) ? model->pool : NULL;
	status_t unnamed = model->is_claimed ? STATUS_EPERM : STATUS_OK;

	if (within_reach(object, 0) < object->size_bytes) {
		memcpy(bytes, object->bytes, object->size_bytes);
		expect(wr_memset(object->bytes, 0, object->size_bytes),
		       model->is_claimed ? STATUS_EPERM : STATUS_ERANGE, "a long wr_memset");
		expect(wr_memcpy_in(model->pool, object->bytes, object->bytes + 1,
				    object->size_bytes),
		       STATUS_ERANGE, "a long wr_memcpy_in");
		expect(memcmp(bytes, object->bytes, object->size_bytes), 0, "a refusal writes");
	}
	memset(bytes, object->pattern, object->size_bytes);
	for (size_t at = 0, len; at < object->size_bytes; at += len) {
		len = within_reach(object, at);
		expect(wr_memset(object->bytes + at, object->pattern, len), unnamed, "wr_memset");
		if (model->is_claimed || random_below(4) == 0) {
			expect(wr_memcpy(object->bytes + at, bytes, len), unnamed, "wr_memcpy");
			expect(wr_memcpy_in(named, object->bytes + at, bytes, len), STATUS_OK,
			       "by name");
		}
	}
	if (object->size_bytes >= sizeof(value)) {
		expect(wr_assign((uint64_t *)object->bytes, value), unnamed, "wr_assign");
		expect(wr_assign_in(named, (uint64_t *)object->bytes, value), STATUS_OK, "by name");
	}
}

static void write_object(const struct model_pool *model, struct object *object)
{
	object->pattern = (unsigned char)(1 + random_below(255));
	if (!is_sealed(object)) {
		memset(object->bytes, object->pattern, object->size_bytes);
	} else {
		write_rarely(model, object);
	}
}

static void step_create(struct model_pool *model)
{
	static const size_t refills[] = { 0, 1, PAGE_SIZE, 5 * PAGE_SIZE };

	model->mode = (enum pool_mode)random_below(NR_POOL_MODES);
	model->align_bytes = random_below(2) ? 0 : 8ul << random_below(10);
	model->is_protected = model->is_claimed = false;
	model->is_read_only = model->mode == POOL_RO || model->mode == POOL_AUTO_RO;
	model->nr_objects = 0;
	expect(pmalloc_create_pool("model", model->mode, refills[random_below(4)],
				   model->align_bytes, &model->pool),
	       STATUS_OK, "create");
}

static size_t random_size(void)
{
	switch (random_below(40)) {
	case 0: return 1 + random_below(SIZE_HUGE);
	case 1:
	case 2:
	case 3: return 1 + random_below(SIZE_LARGE);
	default: return 1 + random_below(SIZE_SMALL);
	}
}

static void step_alloc(struct model_pool *model)
{
	struct object *object = &model->objects[model->nr_objects];
	void *at = NULL;
	bool failed;
	status_t status;

	object->size_bytes = random_size();
	machine_fail_after(random_below(16) ? 1000 : (unsigned)random_below(3));
	status = pmalloc(model->pool, object->size_bytes, &at);
	failed = machine_fail_stop();
	if (model->is_protected) {
		expect(status, STATUS_EPERM, "pmalloc from a protected pool");
		return;
	}
	expect(status, failed ? STATUS_ENOMEM : STATUS_OK, "pmalloc");
	if (status) {
		return;
	}
	object->bytes = at;
	if ((uintptr_t)at % MAX(model->align_bytes, (size_t)POOL_ALIGN_MIN) ||
	    !is_all(at, object->size_bytes, 0)) {
		machine_die("an object of %zu bytes at %p is misaligned or not zero",
			    object->size_bytes, at);
	}
	if (is_sealed(object) != (model->mode == POOL_START_WR && options.pmalloc)) {
		machine_die("a new object is sealed, or one of a START_WR pool is not");
	}
	if (is_sealed(object)) {
		sealed_check(object);
	}
	model->nr_objects++;
	write_object(model, object);
}

static void object_check(const struct object *object)
{
	struct pool_object found;

	if (!is_all(object->bytes, object->size_bytes, object->pattern)) {
		machine_die("an object of %zu bytes at %p was overwritten", object->size_bytes,
			    (void *)object->bytes);
	}
	if (!pool_object_at((uint64_t)object->bytes + random_below(object->size_bytes), &found) ||
	    found.start != (uint64_t)object->bytes || found.size_bytes != object->size_bytes) {
		machine_die("an object of %zu bytes at %p is not found by its address",
			    object->size_bytes, (void *)object->bytes);
	}
	if (pool_object_at((uint64_t)object->bytes + object->size_bytes, &found) &&
	    found.start <= (uint64_t)object->bytes) {
		machine_die("the byte behind an object counts as its own");
	}
}

static void step_free(struct model_pool *model)
{
	unsigned which = (unsigned)random_below(model->nr_objects);
	struct object *object = &model->objects[which];
	bool may_go = !model->is_protected && (model->mode == POOL_START_WR || !is_sealed(object));

	object_check(object);
	if (may_go) {
		expect(pfree(model->pool, object->bytes + object->size_bytes), STATUS_EFAULT,
		       "pfree of the end of an object");
	}
	expect(pfree(model->pool, object->bytes), may_go ? STATUS_OK : STATUS_EPERM, "pfree");
	if (may_go) {
		*object = model->objects[--model->nr_objects];
	}
}

static void step_write(struct model_pool *model)
{
	struct object *object = &model->objects[random_below(model->nr_objects)];
	bool may_not = model->is_read_only || model->is_claimed;
	status_t due = may_not ? STATUS_EPERM : STATUS_OK;
	unsigned char *target = object->bytes + random_below(object->size_bytes);
	size_t len_bytes = object->size_bytes - (size_t)(target - object->bytes);

	object_check(object);
	if (within_reach(object, (size_t)(target - object->bytes)) == len_bytes) {
		expect(wr_memset(target, object->pattern, len_bytes), due, "wr_memset");
	}
	expect(wr_memset(target, object->pattern, len_bytes + 1),
	       may_not ? STATUS_EPERM : STATUS_ERANGE, "wr_memset past the end");
	due = model->is_read_only ? STATUS_EPERM : STATUS_ERANGE;
	expect(wr_memcpy_in(model->pool, target, target, len_bytes + 1), due, "wr_memcpy_in");
	if (!model->is_read_only) {
		write_object(model, object);
	}
}

static void step_protect(struct model_pool *model)
{
	bool is_conversion = random_below(3) == 0;
	status_t due;

	if (is_conversion) {
		due = model->is_read_only || model->is_claimed ? STATUS_EPERM : STATUS_OK;
		expect(pmalloc_make_pool_ro(model->pool), due, "make_pool_ro");
		model->is_read_only |= due == STATUS_OK;
	} else {
		due = model->is_protected ? STATUS_EPERM : STATUS_OK;
		expect(pmalloc_protect_pool(model->pool), due, "protect_pool");
	}
	model->is_protected |= due == STATUS_OK;
	pool_tlb_check();
	for (unsigned i = 0; i < model->nr_objects && model->is_protected; i++) {
		sealed_check(&model->objects[i]);
	}
}

static void step_claim(struct model_pool *model)
{
	expect(pmalloc_claim_pool(model->pool), model->is_claimed ? STATUS_EPERM : STATUS_OK, "");
	model->is_claimed = true;
}

/* No pool may be written to in another one's name. */
static void check_names(const struct model_pool *model, const struct object *object)
{
	for (unsigned i = 0; i < NR_POOLS; i++) {
		if (pools[i].pool && &pools[i] != model) {
			expect(wr_memcpy_in(pools[i].pool, object->bytes, "x", 1), STATUS_EFAULT,
			       "wr_memcpy_in in the name of another pool");
		}
	}
}

static void step_destroy(struct model_pool *model)
{
	for (unsigned i = 0; i < model->nr_objects; i++) {
		object_check(&model->objects[i]);
		check_names(model, &model->objects[i]);
	}
	if (model->is_claimed) {
		expect(pmalloc_destroy_pool(model->pool), STATUS_EPERM, "destroy_pool, claimed");
		expect(pmalloc_destroy_claimed_pool(model->pool), STATUS_OK, "by its owner");
	} else {
		expect(pmalloc_destroy_pool(model->pool), STATUS_OK, "destroy_pool");
	}
	for (unsigned i = 0; i < model->nr_objects; i++) {
		if (pte_is_present(entry_of(model->objects[i].bytes))) {
			machine_die("an object of a destroyed pool is still mapped");
		}
	}
	pool_tlb_check();
	expect(pmalloc_destroy_pool(model->pool), STATUS_EINVAL, "destroy_pool again");
	model->pool = NULL;
}

void model_step(void)
{
	struct model_pool *model = &pools[random_below(NR_POOLS)];
	uint64_t what = random_below(200);

	if (!model->pool) {
		step_create(model);
	} else if (what == 0 || (model->is_protected && what > 190)) {
		step_destroy(model);
	} else if (what < 3) {
		step_protect(model);
	} else if (what == 3) {
		step_claim(model);
	} else if (model->nr_objects && what < 70) {
		step_free(model);
	} else if (model->nr_objects && what < 90) {
		step_write(model);
	} else if (model->nr_objects < OBJECTS_MAX) {
		step_alloc(model);
	}
}

void model_check(void)
{
	struct pool_stats stats;
	unsigned nr_pools = 0;

	for (unsigned i = 0; i < NR_POOLS; i++) {
		nr_pools += pools[i].pool != NULL;
		for (unsigned k = 0; pools[i].pool && k < pools[i].nr_objects; k++) {
			object_check(&pools[i].objects[k]);
		}
	}
	pool_stats_read(&stats);
	if (stats.nr_pools != nr_pools) {
		machine_die("pool_stats_read counts %lu pools, not %u", stats.nr_pools, nr_pools);
	}
	pool_tlb_check();
}

void model_destroy_all(void)
{
	for (unsigned i = 0; i < NR_POOLS; i++) {
		if (pools[i].pool) {
			step_destroy(&pools[i]);
		}
	}
}

void model_start(void)
{
	pool_tlb_start();
	pmalloc_init();
}
