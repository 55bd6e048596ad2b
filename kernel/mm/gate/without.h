/*
 * BUILD=debug GATE_WITHOUT=race|lock|nmi: the gate lacks one of its rules, and the attack that aims
 * at it succeeds: docs/gate.md, "A rule less". So that one try is enough, the operation waits
 * between check and use (held.c). In all other builds nothing of this is in the kernel.
 */
#pragma once

#include "lib/types.h"

struct place;

/* Ordinary memory, and an attack is told where it is. */
struct gate_held {
	uint64_t wanted;   /* what the operation to wait has checked: a word of it; 0: none waits */
	uint64_t is_there; /* one waits, until this is 0, or for a second or two */
};
extern struct gate_held gate_held;

#if defined(GATE_WITHOUT_race)
#define GATE_LACKS "race"
enum { GATE_WITHOUT_RACE = 1, GATE_WITHOUT_NMI = 0, GATE_WITHOUT_LOCK = 0 };
#elif defined(GATE_WITHOUT_lock)
#define GATE_LACKS "lock"
enum { GATE_WITHOUT_RACE = 0, GATE_WITHOUT_NMI = 0, GATE_WITHOUT_LOCK = 1 };
#elif defined(GATE_WITHOUT_nmi)
#define GATE_LACKS "nmi"
enum { GATE_WITHOUT_RACE = 0, GATE_WITHOUT_NMI = 1, GATE_WITHOUT_LOCK = 0 };
#else
#define GATE_LACKS ""
enum { GATE_WITHOUT_RACE = 0, GATE_WITHOUT_NMI = 0, GATE_WITHOUT_LOCK = 0 };
#endif

#if defined(GATE_WITHOUT_race) || defined(GATE_WITHOUT_lock) || defined(GATE_WITHOUT_nmi)
#define GATE_HELD_AT ((uint64_t)&gate_held)
/* With a place that was checked, and is about to be used. */
void gate_hold_place(struct place *place);
/* A frame's word changes from what was checked. False: it is another by now. */
bool gate_word_change(uint64_t *word, uint64_t from, uint64_t to);
#else
#define GATE_HELD_AT 0ul
static inline void gate_hold_place(struct place *place) { (void)place; }
static inline bool gate_word_change(uint64_t *word, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}
#endif
