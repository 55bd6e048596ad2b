/* The memory that sequences run in: the same addresses in every process, known to data.c alone
 * else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "types.h"

/* Pages of the process's own, pages that it shares with its children, and room for 2 MiB pages. */
#define WORLD_PRIVATE 0x10000000ul
#define WORLD_SHARED 0x20000000ul
#define WORLD_HUGE 0x40000000ul
/* Structures that calls take, and behind them room for what they give. */
#define WORLD_DATA 0x30000000ul
#define WORLD_OUT 0x30002000ul
/* A page of the worker's, whose bytes its children must not change. */
#define WORLD_WITNESS 0x50000000ul

enum {
	WORLD_PAGE = 4096,
	WORLD_PAGES = 64,
	WORLD_HUGE_PAGES = 4,
	WORLD_OUT_PAGES = 8,
	WORLD_WITNESS_PAGES = 4,
	WORLD_DATA_PAGES = 2,
	WORLD_SLOTS = 8, /* of each type of data */
	WORLD_SLOT_BYTES = 64,
};

/* Where a structure of this type is; slot: below WORLD_SLOTS. */
static inline uint64_t world_slot(enum type type, unsigned slot)
{
	return WORLD_DATA + (uint64_t)(type - TYPE_FIRST_OF_DATA) * WORLD_SLOTS * WORLD_SLOT_BYTES +
	       (uint64_t)slot * WORLD_SLOT_BYTES;
}

/* Maps it all anew, with its data. False: no memory. */
bool world_make(void);
/* The same of the worker's page; then whether it is as it was made. */
bool world_witness_make(void);
bool world_witness_holds(void);
/* Are the canary's bytes (fuzz_abi.h) in what calls have given? */
bool world_has_canary(void);
