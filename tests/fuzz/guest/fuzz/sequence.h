/*
 * Sequences of calls: what is run, kept, changed and written down.
 *
 * As text a sequence is one line: flags, then its calls.
 * `r/0mmap(10000000,1000,3,32,m1,0)*4;1echo(5);` is root's; thread 0 calls mmap four times, thread
 * 1 echo. Numbers are hexadecimal; `r2`: the result of call 2; `self`, `parent`: pids; `k8`: eight
 * bytes behind the canary's first (fuzz_abi.h); `x2008`: eight bytes behind the start of the
 * kernel's second mapping; `y10000000`: that page in the direct map; `m1`: -1.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "types.h"

enum {
	CALLS_MAX = 20,
	THREADS_MAX = 3,
	REPEAT_MAX = 64,
	SEQUENCE_TEXT_MAX = 2000,
};

/* Arguments that are known only when the call is made: the value's upper half; the lower says
 * which. */
#define SPECIAL_RESULT 0x5afe0001ul
#define SPECIAL_SELF 0x5afe0002ul
#define SPECIAL_PARENT 0x5afe0003ul
#define SPECIAL_CANARY 0x5afe0004ul
/* The kernel's mappings: an address in one, 4 KiB from its start on at most. */
#define SPECIAL_RANGE 0x5afe0005ul
enum { RANGE_SHIFT = 12 };
/* Where the direct map would have the page at a user address. */
#define SPECIAL_DIRECT 0x5afe0006ul
#define SPECIAL(which, value) ((which) << 32 | (uint32_t)(value))

struct call {
	uint8_t kind; /* enum kind */
	uint8_t thread;
	uint8_t repeat; /* from 1 on */
	uint64_t arguments[ARGUMENTS_MAX];
};

enum sequence_flags {
	SEQUENCE_ROOT = 1,      /* uid 0; else that of the worker */
	SEQUENCE_PROCESSES = 2, /* its threads are processes */
	SEQUENCE_WATCHED = 4,   /* an attack, to the kernel's witness; root's always is */
};

struct sequence {
	uint8_t flags;
	uint8_t nr_calls;
	struct call calls[CALLS_MAX];
};

/* Writes the text, ended by a zero; its length. */
size_t sequence_print(const struct sequence *sequence, char text[SEQUENCE_TEXT_MAX]);
/* Reads one up to a zero or the end of the line. False: it is none. */
bool sequence_parse(const char *text, struct sequence *out);
/* True where the calls with this thread number are there. */
unsigned sequence_nr_threads(const struct sequence *sequence);
bool sequence_has(const struct sequence *sequence, enum how how);
