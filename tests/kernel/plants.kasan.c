/* BUILD=kasan: a fault of each kind. tests/qemu/look.t knows their numbers and what must be said of
 * each. */
#include "plants.h"

#include "lib/string.h"
#include "lib/types.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/pool/pmalloc.h"

enum { OBJECT_BYTES = 100, NR_WORDS = 10 };

static struct slab_cache cache;
static char variable[OBJECT_BYTES];
static const struct pool *pool;
/* The compiler must not see where it points. */
static char *volatile pointer;

static char *slab_object(void)
{
	void *object = NULL;

	if (!cache.name) {
		slab_cache_init(&cache, "planted", OBJECT_BYTES);
	}
	return slab_alloc(&cache, &object) ? NULL : object;
}

static void slab_overflow(void)
{
	pointer = slab_object();
	pointer[OBJECT_BYTES] = 1;
}

static void slab_after_free(void)
{
	pointer = slab_object();
	slab_free(&cache, pointer);
	pointer[1] = 1;
}

static void slab_double_free(void)
{
	pointer = slab_object();
	slab_free(&cache, pointer);
	slab_free(&cache, pointer);
}

static void stack_overflow(void)
{
	char local[OBJECT_BYTES] = { 0 };

	pointer = local;
	pointer[OBJECT_BYTES] = 1;
}

static __attribute__((noinline)) void leave_pointer(void)
{
	char local[OBJECT_BYTES] = { 0 };

	pointer = local;
}

static void stack_after_return(void)
{
	leave_pointer();
	pointer[1] = 1;
}

static void variable_overflow(void)
{
	pointer = variable;
	pointer[OBJECT_BYTES] = 1;
}

static void frame_after_free(void)
{
	pfn_t frame;

	if (frame_alloc_kernel(OWNER_KERNEL, 0, &frame) == STATUS_OK) {
		pointer = direct_map_pointer(frame);
		frame_free_kernel(frame, 0);
		pointer[1] = 1;
	}
}

static void frame_double_free(void)
{
	pfn_t frame;

	if (frame_alloc_kernel(OWNER_KERNEL, 0, &frame) == STATUS_OK) {
		frame_free_kernel(frame, 0);
		frame_free_kernel(frame, 0);
	}
}

static void kstack_after_free(void)
{
	va_t base;

	if (kstack_alloc(&base) == STATUS_OK) {
		kstack_free(base);
		pointer = (char *)base.va;
		pointer[1] = 1;
	}
}

static void kstack_double_free(void)
{
	va_t base;

	if (kstack_alloc(&base) == STATUS_OK) {
		kstack_free(base);
		kstack_free(base);
	}
}

static char *pool_object(void)
{
	void *object = NULL;

	return pmalloc_create_pool("planted", POOL_RO, PAGE_SIZE, 0, &pool) ||
			       pmalloc(pool, OBJECT_BYTES, &object)
		       ? NULL
		       : object;
}

static void pool_overflow(void)
{
	pointer = pool_object();
	pointer[OBJECT_BYTES] = 1;
}

static void pool_after_free(void)
{
	pointer = pool_object();
	if (pfree(pool, pointer) == STATUS_OK) {
		pointer[1] = 1;
	}
}

static void block_overflow(void)
{
	pointer = slab_object();
	memset(pointer, 0, OBJECT_BYTES + 1);
}

static void scope(void)
{
	for (unsigned i = 0; i < 2; i++) {
		char local[NR_WORDS] = { 0 };

		pointer = local;
	}
	pointer[1] = 1;
}

static void (*const plants[])(void) = {
	slab_overflow,      slab_after_free,
	slab_double_free,   stack_overflow,
	stack_after_return, variable_overflow,
	frame_after_free,   frame_double_free,
	kstack_after_free,  kstack_double_free,
	pool_overflow,      pool_after_free,
	block_overflow,     scope,
};

void plant_run(unsigned number)
{
	if (number < ARRAY_SIZE(plants)) {
		plants[number]();
	}
}
