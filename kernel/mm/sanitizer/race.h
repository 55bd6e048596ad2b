/*
 * BUILD=race: a sampler of data races, as KCSAN is. The compiler calls what is in race.race.c in
 * front of each load and store. Of some of them the CPU makes a *watch*: it waits a moment, and
 * whoever else touches the same bytes meanwhile races with it, unless both load. Loads and stores
 * that say so (__atomic_*, volatile) may meet each other: they are never watched, but one that
 * meets a plain access that is watched has raced.
 */
#pragma once

#include "lib/builds.h"
#include "lib/types.h"

/* Boot: looks from now on. */
void race_start(void);

enum race_flags { RACE_STORE = 1, RACE_ATOMIC = 2 };

struct race_access {
	uint64_t address, caller;
	uint32_t len_bytes, flags; /* enum race_flags */
	uint32_t cpu, pid;
};

/* race.race.c; for race_atomic.race.c */
void race_look(uint64_t address, size_t len_bytes, unsigned flags, uint64_t caller);

/* race_report.race.c. Panics. other: NULL: not known, as the compiler did not see it. */
_Noreturn void race_report(const struct race_access *own, const struct race_access *other,
			   uint64_t before, uint64_t after);
