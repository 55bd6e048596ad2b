/*
 * The order of the threads that wait for one CPU. No state but the bands' own; the caller holds the
 * lock that guards them.
 *
 *	ROOT_FRESH   root's, with time left of their slice
 *	ROOT_SPENT   root's, that used it
 *	USER_FRESH   as the first two, of everybody else
 *	USER_SPENT
 *
 * The first band with somebody in it is served, in the order of arrival. A thread gets a slice when
 * it is taken from a SPENT band, and only then: so the FRESH band before it empties after one slice
 * of each thread at most, however often they wake each other. Root's bands go before the others
 * until they have run for BANDS_ROOT_TICKS ticks while users waited: then users go first until one
 * of them was seen running by a tick.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

enum band { BAND_ROOT_FRESH, BAND_ROOT_SPENT, BAND_USER_FRESH, BAND_USER_SPENT, NR_BANDS };

enum { BANDS_ROOT_TICKS = 8 };

struct bands {
	struct list lists[NR_BANDS];
	uint8_t root_ticks; /* seen since users had their turn */
};

static inline void bands_init(struct bands *bands)
{
	bands->root_ticks = 0;
	for (unsigned band = 0; band < NR_BANDS; band++) {
		list_init(&bands->lists[band]);
	}
}

static inline bool band_is_spent(enum band band) { return band & 1; }

/* Last in its band. It leaves by list_remove. */
static inline void bands_push(struct bands *bands, struct list *node, enum band band)
{
	list_push_back(&bands->lists[band], node);
}

/* The first one in a band from this one on; NULL: there is nobody. */
static inline struct list *bands_first(const struct bands *bands, enum band from)
{
	for (unsigned band = from; band < NR_BANDS; band++) {
		if (!list_is_empty(&bands->lists[band])) {
			return bands->lists[band].next;
		}
	}
	return NULL;
}

/* Who is next; NULL: there is nobody. */
static inline struct list *bands_next(const struct bands *bands)
{
	struct list *user = NULL;

	if (UNLIKELY(bands->root_ticks == BANDS_ROOT_TICKS)) {
		user = bands_first(bands, BAND_USER_FRESH);
	}
	return user ? user : bands_first(bands, BAND_ROOT_FRESH);
}

/* A tick, while a thread of root's or of somebody else's ran. */
static inline void bands_tick(struct bands *bands, bool root_runs)
{
	if (!root_runs || !bands_first(bands, BAND_USER_FRESH)) {
		bands->root_ticks = 0;
	} else if (bands->root_ticks < BANDS_ROOT_TICKS) {
		bands->root_ticks++;
	}
}

/*
 * A turn ends at a tick, and there is one a slice. Of a thread that has run for run_time and has a
 * slice until `end`: the tick that is nearest to its end ends it, which is up to half a slice early
 * or late; the next slice makes up for that.
 */
static inline bool slice_is_over(uint64_t run_time, uint64_t end, uint64_t slice)
{
	return run_time + slice / 2 >= end;
}

/* Where the next slice ends. Nobody saves up more than the half, by sched_yield. */
static inline uint64_t slice_next(uint64_t run_time, uint64_t end, uint64_t slice)
{
	uint64_t most = run_time + slice / 2;

	return MAX(MIN(end, most) + slice, most);
}
