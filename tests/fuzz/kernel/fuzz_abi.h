/*
 * The call that BUILD=fuzz has beyond those of abi/syscalls.def, between its kernel and the fuzzer
 * (tests/fuzz/guest/). For uid 0: EPERM else. `operation` is the first argument.
 */
#pragma once

#include <stdint.h>

enum { FUZZ_CALL = 0x1170 };

enum fuzz_operation {
	/*
	 * first, uint64_t *out, how many: edges by the order in which they were first taken, from
	 * that one on. How many there are altogether; those beyond `how many` are not written.
	 */
	FUZZ_EDGES,
	/* worker, text, length: what a panic tells among its last words. EINVAL: too long. */
	FUZZ_NOTE,
	/* struct fuzz_books *: counts. */
	FUZZ_BOOKS,
	/*
	 * worker, pid: wakes the threads of that process and of its children that have slept since
	 * this worker's last nudge: how many. One that goes on lost a wake-up. EINVAL.
	 */
	FUZZ_NUDGE,
	/* text, length: comes in on the serial line. For everybody. */
	FUZZ_TYPE,
};

/* An edge: where it comes from, where it leads to, and the processor that took it first. */
enum { FUZZ_POINT_BITS = 20, FUZZ_CPU_SHIFT = 48 };
#define FUZZ_POINT_MASK ((1ul << FUZZ_POINT_BITS) - 1)
/* A point is a place of the image, in units of 4 bytes: the return address of its trace call. */
enum { FUZZ_POINT_SHIFT = 2 };

enum {
	FUZZ_WORKERS_MAX = 8,
	FUZZ_NOTES = 8, /* the last ones of each worker are kept */
	FUZZ_NOTE_BYTES = 2048,
	FUZZ_CACHES_MAX = 16,
	FUZZ_CANARY_BYTES = 8192,
};

/* What the canary is filled with: kernel memory that no call may write to, or show. */
#define FUZZ_CANARY_WORD 0xc0a1b2c3d4e5f607ul

struct fuzz_books {
	uint64_t canary;         /* its address */
	uint64_t canary_changed; /* bytes of it that are not as they were */
	struct {
		char name[24];
		uint64_t nr_live; /* objects handed out */
	} caches[FUZZ_CACHES_MAX];
};
