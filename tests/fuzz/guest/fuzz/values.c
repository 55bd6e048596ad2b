/* Values of the types of arguments: mostly sound ones, and each now and then what breaks checks. */
#define _GNU_SOURCE
#include "values.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "world.h"

enum { ODD_ONE_IN = 10, RESULT_ONE_IN = 3, USER_OTHER = 1009 };
#define USER_TOP 0x7ffffffff000ul

/* An element of an array. */
#define PICK(random, array) ((array)[random_below(random, sizeof(array) / sizeof((array)[0]))])

/* Edges of ranges. */
static uint64_t odd_draw(struct random *random)
{
	static const uint64_t odd[] = {
		0,
		1,
		7,
		0xfff,
		0x1000,
		0x1001,
		1ul << 31,
		(1ul << 31) - 1,
		UINT32_MAX,
		1ul << 32,
		1ul << 46,
		USER_TOP,
		USER_TOP - WORLD_PAGE,
		USER_TOP - 1,
		1ul << 47,
		INT64_MAX,
		1ul << 63,
		UINT64_MAX << 47,
		UINT64_MAX - WORLD_PAGE + 1,
		UINT64_MAX,
		0xffffffff80000000,
		0xffff888000000000,
		SPECIAL(SPECIAL_CANARY, 0),
		SPECIAL(SPECIAL_CANARY, 8),
	};

	return PICK(random, odd);
}

static uint64_t kernel_draw(struct random *random)
{
	switch (random_below(random, 4)) {
	case 0: return odd_draw(random);
	case 1:
		return SPECIAL(SPECIAL_DIRECT, WORLD_PRIVATE +
						       random_below(random, 8) * WORLD_PAGE +
						       8 * random_below(random, 2));
	default:
		return SPECIAL(SPECIAL_RANGE, random_below(random, 64) << RANGE_SHIFT |
						      8 * random_below(random, 3));
	}
}

static uint64_t result_draw(struct random *random, unsigned nth)
{
	return nth ? SPECIAL(SPECIAL_RESULT, random_below(random, nth)) : 0;
}

static uint64_t page_draw(struct random *random)
{
	switch (random_below(random, 8)) {
	case 0:
	case 1: return WORLD_SHARED + (uint64_t)random_below(random, 8) * WORLD_PAGE;
	case 2:
		return WORLD_HUGE + ((uint64_t)random_below(random, WORLD_HUGE_PAGES) << 21) +
		       (random_one_in(random, 3) ? WORLD_PAGE : 0);
	case 3: return WORLD_PRIVATE + (uint64_t)random_below(random, WORLD_PAGES + 2) * WORLD_PAGE;
	default: return WORLD_PRIVATE + (uint64_t)random_below(random, 8) * WORLD_PAGE;
	}
}

static uint64_t length_draw(struct random *random)
{
	static const uint64_t lengths[] = { 1,      8,      WORLD_PAGE, WORLD_PAGE, 0x2000,
					    0x3000, 0x4000, 0x8000,     0x10001,    0x40000 };

	return random_one_in(random, 12) ? (uint64_t)(1 + random_below(random, 2)) << 21
					 : PICK(random, lengths);
}

static uint64_t address_draw(struct random *random)
{
	static const uint32_t offsets[] = { 0, 0, 8, 1, 0xff8, 0xfff, 0xffc };

	return page_draw(random) + PICK(random, offsets);
}

static uint64_t out_draw(struct random *random)
{
	return random_one_in(random, 4)
		       ? address_draw(random)
		       : WORLD_OUT +
				 (random_one_in(random, 8) ? WORLD_OUT_PAGES * WORLD_PAGE - 8 : 0);
}

static uint64_t pid_draw(struct random *random, unsigned nth)
{
	static const uint64_t pids[] = { 0,
					 1,
					 2,
					 UINT64_MAX,
					 SPECIAL(SPECIAL_SELF, 0),
					 SPECIAL(SPECIAL_SELF, 0),
					 SPECIAL(SPECIAL_SELF, 0),
					 SPECIAL(SPECIAL_PARENT, 0),
					 99999 };

	return random_one_in(random, RESULT_ONE_IN) ? result_draw(random, nth) : PICK(random, pids);
}

static uint64_t flags_draw(struct random *random, const uint64_t *flags, unsigned nr)
{
	return flags[random_below(random, nr)];
}

#define FLAGS(random, ...)                                                                         \
	flags_draw(random, (const uint64_t[]){ __VA_ARGS__ },                                      \
		   sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static uint64_t word_draw(struct random *random)
{
	return random_one_in(random, 2) ? WORLD_SHARED + 4 * random_below(random, 2)
					: WORLD_PRIVATE + 4 * random_below(random, 2);
}

static uint64_t flag_value(struct random *random, enum type type)
{
	switch (type) {
	case TYPE_PROT: return FLAGS(random, 0, 1, 3, 3, 3, 5, 7, 2, 8);
	case TYPE_MAP:
		return FLAGS(random, 0x22, 0x32, 0x32, 0x31, 0x21, 0x8022, 0x8032, 0x8031, 0x40022,
			     0x40032, 0x40031, 0x4022, 0x100022, 0x100032, 2, 0x33);
	case TYPE_REMAP: return FLAGS(random, 0, 1, 3, 3, 3, 7, 8);
	case TYPE_ADVICE: return FLAGS(random, 0, 3, 4, 4, 4, 8, 14, 15, 99);
	case TYPE_SIGNAL: return FLAGS(random, 0, 9, 14, 15, 17, 18, 19, 1, 64, 65);
	case TYPE_SETSIZE: return FLAGS(random, 8, 8, 8, 8, 0, 16);
	case TYPE_HOW: return FLAGS(random, 0, 1, 2, 3, UINT64_MAX, UINT64_MAX - 1);
	case TYPE_WAIT: return FLAGS(random, WNOHANG, WNOHANG, 0, 2, 3, 8, 0x40000000);
	case TYPE_RESOURCE: return FLAGS(random, 0, 3, 6, 7, 7, 9, 9, 15, 16);
	case TYPE_CLOCK: return FLAGS(random, 0, 1, 2, 3, 4, 5, 6, 7, 11, 99);
	case TYPE_CLONE:
		return FLAGS(random, 0x11, 0x1200011, 0x4111, 0x50f00, 0x250f00, 0x3d0f00,
			     0x1350f00, 0x10f00, 0x100, 0x4100, 17 | 0x4000);
	case TYPE_FUTEX:
		return FLAGS(random, 0, 128, 1, 129, 1, 129, 3, 131, 4, 132, 9, 137, 10, 265, 393,
			     5, 256);
	case TYPE_IOCTL:
		return FLAGS(random, 0x5401, 0x5402, 0x5403, 0x5404, 0x5413, 0x540f, 0x5410, 1);
	case TYPE_ARCH: return FLAGS(random, 0x1002, 0x1003, 0x1001, 0x1004, 1);
	default: return 0;
	}
}

static uint64_t number_draw(struct random *random, enum type type)
{
	switch (type) {
	case TYPE_FEW: return random_below(random, 4);
	case TYPE_COUNT: return 1 + random_below(random, 12);
	case TYPE_WHAT: return random_below(random, 16);
	case TYPE_INDEX: return random_below(random, random_one_in(random, 2) ? 4 : 600);
	case TYPE_SIZE: return FLAGS(random, 0, 1, 8, 16, 64, 4096, 128);
	case TYPE_SHORT: return random_below(random, 6);
	case TYPE_CPU: return FLAGS(random, 0, 0, 1, 2, UINT64_MAX);
	case TYPE_UID: return FLAGS(random, 0, 0, USER_OTHER, 1000, UINT32_MAX);
	default: return random_one_in(random, 2) ? random_below(random, 2) : odd_draw(random);
	}
}

static uint64_t sound_draw(struct random *random, enum type type, unsigned nth)
{
	switch (type) {
	case TYPE_ZERO: return 0;
	case TYPE_MINUS: return UINT64_MAX;
	case TYPE_LENGTH: return length_draw(random);
	case TYPE_PLACE: return page_draw(random);
	case TYPE_MEMORY: return address_draw(random);
	case TYPE_OUT: return out_draw(random);
	case TYPE_STACK: return random_one_in(random, 2) ? 0 : WORLD_PRIVATE + 6 * WORLD_PAGE;
	case TYPE_BRK: return random_one_in(random, 3) ? 0 : result_draw(random, nth);
	case TYPE_HANDLE: return result_draw(random, nth);
	case TYPE_FD: return random_below(random, 4);
	case TYPE_PID: return pid_draw(random, nth);
	case TYPE_WORD: return word_draw(random);
	case TYPE_KERNEL: return kernel_draw(random);
	case TYPE_VALUE:
	case TYPE_FEW:
	case TYPE_COUNT:
	case TYPE_WHAT:
	case TYPE_INDEX:
	case TYPE_SIZE:
	case TYPE_SHORT:
	case TYPE_CPU:
	case TYPE_UID: return number_draw(random, type);
	default:
		return type >= TYPE_FIRST_OF_DATA
			       ? world_slot(type, random_below(random, WORLD_SLOTS))
			       : flag_value(random, type);
	}
}

/* Types whose values decide how long it takes. */
static bool is_bounded(enum type type)
{
	return type == TYPE_COUNT || type == TYPE_WHAT || type == TYPE_SHORT || type == TYPE_TIME ||
	       type == TYPE_KEYS || type == TYPE_INTERVAL;
}

uint64_t value_draw(struct random *random, enum type type, unsigned nth)
{
	if (random_one_in(random, ODD_ONE_IN) && !is_bounded(type)) {
		switch (random_below(random, 3)) {
		case 0: return result_draw(random, nth);
		case 1: return address_draw(random);
		default: return odd_draw(random);
		}
	}
	return sound_draw(random, type, nth);
}
