/* BUILD=race: the watches, and what the compiler calls in front of accesses, with the names that
 * are fixed by it. */
#include "mm/sanitizer/race.h"

#include "arch/x86_64/cpu/registers.h"
#include "core/cpu.h"
#include "lib/string.h"
#include "mm/frame/frame_history.h"
#include "mm/table/layout.h"
#include "mm/table/wrapped.h"

/*
 * A watch is a word of a small table; its place follows from the address, so an access looks at one
 * word. It is in one block of BLOCK_BYTES.
 */
enum {
	BLOCK_SHIFT = 6,
	BLOCK_BYTES = 1 << BLOCK_SHIFT,
	NR_WATCHES = 64,
	LEN_SHIFT = 48, /* above the address, whose top bits are all 1 in the kernel half */
	LEN_MASK = 0x1f,
	/* Accesses between two samples of a CPU, half of that at least; how long it waits. */
	SAMPLE_EVERY = 512,
	WAIT_ROUNDS = 256,
	STACK_BYTES = 16384,
};
#define WATCH_STORE (1ul << 62)
#define WATCH_SET (1ul << 63)
#define WATCH_HIT 1ul /* somebody met it, and says who in hits */
#define ADDRESS_MASK ((1ul << LEN_SHIFT) - 1)

static bool is_on;
/* Atomic: 0: free. */
static uint64_t watches[NR_WATCHES];
/* Written by who set WATCH_HIT, before is_told. */
static struct race_access hits[NR_WATCHES];
static bool is_told[NR_WATCHES]; /* atomic */

/* This CPU only. */
static struct sampler {
	uint32_t nr_left; /* accesses until the next sample */
	uint32_t random;
	bool is_waiting;
} samplers[NR_CPUS_MAX];

void race_start(void) { is_on = true; }

static unsigned slot_of(uint64_t address)
{
	uint64_t block = address >> BLOCK_SHIFT;

	return (unsigned)((block ^ block >> 6 ^ block >> 12) % NR_WATCHES);
}

static struct race_access access_of(uint64_t address, size_t len_bytes, unsigned flags,
				    uint64_t caller)
{
	const struct cpu *cpu = this_cpu();

	return (struct race_access){ .address = address,
				     .caller = caller,
				     .len_bytes = (uint32_t)len_bytes,
				     .flags = flags,
				     .cpu = cpu->id,
				     .pid = frame_who_pid(cpu->frame_who) };
}

/* The access meets a watch of another CPU: that one reports both. */
static __attribute__((noinline)) void meet(unsigned slot, uint64_t watch, uint64_t address,
					   size_t len_bytes, unsigned flags, uint64_t caller)
{
	uint64_t start = watch | ~ADDRESS_MASK, end = start + (watch >> LEN_SHIFT & LEN_MASK);

	if (address >= end || address + len_bytes <= start ||
	    (!(watch & WATCH_STORE) && !(flags & RACE_STORE)) ||
	    samplers[this_cpu()->id].is_waiting) {
		return;
	}
	if (__atomic_compare_exchange_n(&watches[slot], &watch, WATCH_HIT, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED)) {
		hits[slot] = access_of(address, len_bytes, flags, caller);
		__atomic_store_n(&is_told[slot], true, __ATOMIC_RELEASE);
	}
}

static inline void look_for_watch(uint64_t address, size_t len_bytes, unsigned flags,
				  uint64_t caller)
{
	unsigned slot = slot_of(address);
	uint64_t watch = __atomic_load_n(&watches[slot], __ATOMIC_RELAXED);

	if (UNLIKELY(watch & WATCH_SET)) {
		meet(slot, watch, address, len_bytes, flags, caller);
	}
}

static uint64_t value_at(uint64_t address, size_t len_bytes)
{
	switch (len_bytes) {
	case 1: return *(volatile uint8_t *)address;
	case 2: return *(volatile uint16_t *)address;
	case 4: return *(volatile uint32_t *)address;
	default: return *(volatile uint64_t *)address;
	}
}

static void wait_a_moment(struct sampler *sampler)
{
	unsigned nr = WAIT_ROUNDS / 2 + sampler->random % WAIT_ROUNDS;

	for (unsigned i = 0; i < nr; i++) {
		cpu_relax();
	}
}

static void watch_it(struct sampler *sampler, uint64_t address, size_t len_bytes, unsigned flags,
		     uint64_t caller)
{
	unsigned slot = slot_of(address);
	uint64_t watch = WATCH_SET | (flags & RACE_STORE ? WATCH_STORE : 0) |
			 (uint64_t)len_bytes << LEN_SHIFT | (address & ADDRESS_MASK);
	uint64_t nothing = 0, before, after, seen = watch;
	struct race_access own;

	if (!__atomic_compare_exchange_n(&watches[slot], &nothing, watch, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_RELAXED)) {
		return;
	}
	before = value_at(address, len_bytes);
	wait_a_moment(sampler);
	after = value_at(address, len_bytes);
	if (__atomic_compare_exchange_n(&watches[slot], &seen, 0, false, __ATOMIC_SEQ_CST,
					__ATOMIC_ACQUIRE)) {
		if (before != after) {
			own = access_of(address, len_bytes, flags, caller);
			is_on = false;
			race_report(&own, NULL, before, after);
		}
		return;
	}
	/* pairs with meet */
	while (!__atomic_load_n(&is_told[slot], __ATOMIC_ACQUIRE)) {
		cpu_relax();
	}
	own = access_of(address, len_bytes, flags, caller);
	is_on = false;
	race_report(&own, &hits[slot], before, after);
}

/* The window is each CPU's own, and so is the stack, nearly always. */
static bool may_be_shared(uint64_t address)
{
	uint64_t here = (uint64_t)__builtin_frame_address(0);

	return address >= KERNEL_HALF && address - WINDOW_BASE >= PML4_SLOT_SIZE &&
	       address - here >= STACK_BYTES;
}

static __attribute__((noinline)) void sample(struct sampler *sampler, uint64_t address,
					     size_t len_bytes, unsigned flags, uint64_t caller)
{
	sampler->random = sampler->random * 1664525 + 1013904223;
	sampler->nr_left = SAMPLE_EVERY / 2 + (sampler->random >> 16) % SAMPLE_EVERY;
	if (nr_cpus > 1 && !sampler->is_waiting && may_be_shared(address) &&
	    address % BLOCK_BYTES + len_bytes <= BLOCK_BYTES) {
		sampler->is_waiting = true;
		watch_it(sampler, address, len_bytes, flags, caller);
		sampler->is_waiting = false;
	}
}

static inline void look(uint64_t address, size_t len_bytes, unsigned flags, uint64_t caller)
{
	struct sampler *sampler;

	if (!is_on) {
		return;
	}
	look_for_watch(address, len_bytes, flags, caller);
	if (!(flags & RACE_ATOMIC)) {
		sampler = &samplers[this_cpu()->id];
		if (UNLIKELY(sampler->nr_left-- == 0)) {
			sample(sampler, address, len_bytes, flags, caller);
		}
	}
}

void race_look(uint64_t address, size_t len_bytes, unsigned flags, uint64_t caller)
{
	look(address, len_bytes, flags, caller);
}

/* Block by block; a word of it may be watched. */
static void look_at_range(uint64_t start, size_t len_bytes, unsigned flags, uint64_t caller)
{
	uint64_t end = start + len_bytes, next;
	size_t middle = align_down(len_bytes / 2, sizeof(uint64_t));

	if (!is_on || !len_bytes) {
		return;
	}
	for (uint64_t at = start; at < end; at = next) {
		next = MIN(align_down(at, BLOCK_BYTES) + BLOCK_BYTES, end);
		look_for_watch(at, next - at, flags, caller);
	}
	if (len_bytes >= sizeof(uint64_t)) {
		look(align_down(start + middle, sizeof(uint64_t)), sizeof(uint64_t), flags, caller);
	}
}

#define CALLER ((uint64_t)__builtin_return_address(0))

#define ACCESS(name, size, flags)                                                                  \
	void __tsan_##name##size(uint64_t at);                                                     \
	void __tsan_##name##size(uint64_t at) { look(at, size, flags, CALLER); }

#define ACCESSES(size)                                                                             \
	ACCESS(read, size, 0)                                                                      \
	ACCESS(write, size, RACE_STORE)                                                            \
	ACCESS(unaligned_read, size, 0)                                                            \
	ACCESS(unaligned_write, size, RACE_STORE)                                                  \
	ACCESS(volatile_read, size, RACE_ATOMIC)                                                   \
	ACCESS(volatile_write, size, RACE_ATOMIC | RACE_STORE)                                     \
	ACCESS(unaligned_volatile_read, size, RACE_ATOMIC)                                         \
	ACCESS(unaligned_volatile_write, size, RACE_ATOMIC | RACE_STORE)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)

#define LARGE_ACCESS(name, flags)                                                                  \
	void __tsan_##name##16(uint64_t at);                                                       \
	void __tsan_##name##16(uint64_t at) { look_at_range(at, 16, flags, CALLER); }

LARGE_ACCESS(read, 0)
LARGE_ACCESS(write, RACE_STORE)
LARGE_ACCESS(unaligned_read, 0)
LARGE_ACCESS(unaligned_write, RACE_STORE)

void __tsan_read_range(uint64_t at, size_t len_bytes);
void __tsan_read_range(uint64_t at, size_t len_bytes) { look_at_range(at, len_bytes, 0, CALLER); }

void __tsan_write_range(uint64_t at, size_t len_bytes);
void __tsan_write_range(uint64_t at, size_t len_bytes)
{
	look_at_range(at, len_bytes, RACE_STORE, CALLER);
}

/* What constructors call, which nobody calls. */
void __tsan_init(void);
void __tsan_init(void) {}

void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t len_bytes)
{
	look_at_range((uint64_t)from, len_bytes, 0, CALLER);
	look_at_range((uint64_t)to, len_bytes, RACE_STORE, CALLER);
	return __real_memcpy(to, from, len_bytes);
}

void *__wrap_memmove(void *to, const void *from, size_t len_bytes)
{
	look_at_range((uint64_t)from, len_bytes, 0, CALLER);
	look_at_range((uint64_t)to, len_bytes, RACE_STORE, CALLER);
	return __real_memmove(to, from, len_bytes);
}

void *__wrap_memset(void *to, int byte, size_t len_bytes)
{
	look_at_range((uint64_t)to, len_bytes, RACE_STORE, CALLER);
	return __real_memset(to, byte, len_bytes);
}
