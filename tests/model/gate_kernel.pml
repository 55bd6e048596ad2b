/*
 * The gate's kernel half (docs/gate.md): one frame that goes from owner to owner, its entries in
 * the direct map and in a pool's area, and TLBs that keep both until they are flushed. Complete
 * is what every processor's protected `seen` has reached; there is no mode. The attacker runs
 * steerable code on all processors all the time, and calls the gate's operations in any order.
 *
 * A number is a bit here: whether a processor's `seen` has reached what the frame waits for. The
 * frame waits for one at a time.
 *
 * Compile-time switches, each of which removes a rule:
 *   NO_WAIT         a waiting frame is given on without a look at `seen`
 *   FORGED_SEEN     `seen` is read from ordinary memory
 *   FORGED_MODE     a processor whose mode says that it is outside the kernel has seen all
 *   SEEN_FIRST      flush raises `seen`, then flushes
 *   READ_LATE       flush reads the number after the flush
 *   EARLY_NUMBER    hide draws its number before it clears the entry
 *   NO_SWAP         a state is looked at, and written in a later step
 *   NO_KERNEL_LOCK  hide, settle and reveal do not take the kernel half's lock
 *   ZERO_FIRST      settle zeroes, then asks whether the frame is complete
 *   STATE_LATE      reveal writes the entry, then the state
 *   TABLE_AT_ONCE   a revealed frame becomes a page table as soon as its entry is read-only
 *   TABLE_WRITABLE  a page table's entry in the direct map stays writable
 *   SEAL_AT_ONCE    a pool counts as sealed as soon as its entry is read-only
 *   DROP_AT_ONCE    a pool's frame is clean as soon as its entry is gone
 *   CHECK_OUTSIDE   the frame's state is looked at outside, then taken for granted
 */
#define CPUS 3
#define NONE 0 /* rights of entries and translations */
#define R 1
#define RW 2

mtype = { REVEALED, WAITING, CLEAN, USER, TABLE, OPEN, SEALING, SEALED };

mtype state = REVEALED;
byte direct = RW; /* the entry in the direct map */
byte area;        /* the entry in the pool's area */
bit dirty = 1;    /* stored to since it was zeroed */
bit lock;         /* of the kernel half */

bit seen[CPUS];
bit read[CPUS];
byte cached_direct[CPUS];
byte cached_area[CPUS];

#ifdef NO_KERNEL_LOCK
#define ACQUIRE true
#else
#define ACQUIRE !lock
#endif

/* Whatever was read or seen before is too old for it. */
inline number_draw()
{
	d_step {
		seen[0] = 0; seen[1] = 0; seen[2] = 0;
		read[0] = 0; read[1] = 0; read[2] = 0
	}
}

/* Of the whole word. */
inline state_swap(from, to)
{
#if defined(CHECK_OUTSIDE)
	swapped = 1;
	state = to
#elif defined(NO_SWAP)
	swapped = state == from;
	if
	:: swapped -> state = to
	:: else
	fi
#else
	atomic {
		swapped = state == from;
		if
		:: swapped -> state = to
		:: else
		fi
	}
#endif
}

inline look_at(cpu)
{
#if defined(FORGED_SEEN)
	if
	:: skip
	:: complete = 0
	fi
#elif defined(FORGED_MODE)
	if
	:: skip /* outside, it says */
	:: complete = complete && seen[cpu]
	fi
#else
	complete = complete && seen[cpu]
#endif
}

inline is_complete()
{
	complete = 1;
#ifndef NO_WAIT
	look_at(0);
	look_at(1);
	look_at(2);
#endif
	skip
}

inline release_lock()
{
	atomic { swapped = 0; complete = 0; lock = 0 }
}

inline hide()
{
	atomic { ACQUIRE && state == REVEALED -> lock = 1 }
#ifdef EARLY_NUMBER
	atomic { number_draw(); state = WAITING }
	direct = NONE;
#else
	direct = NONE;
	atomic { number_draw(); state = WAITING }
#endif
	release_lock()
}

inline settle()
{
	atomic { ACQUIRE && state == WAITING -> lock = 1 }
#ifdef ZERO_FIRST
	dirty = 0;
	is_complete();
#else
	is_complete();
	if
	:: complete ->
	   assert(state == WAITING); /* else another owner's bytes go */
	   dirty = 0
	:: else
	fi;
#endif
	if
	:: complete -> state_swap(WAITING, CLEAN)
	:: else
	fi;
	release_lock()
}

inline reveal()
{
	atomic { ACQUIRE && state == CLEAN -> lock = 1 }
#ifdef STATE_LATE
	direct = RW;
	state_swap(CLEAN, REVEALED);
	if
	:: !swapped -> direct = NONE
	:: else
	fi;
#else
	state_swap(CLEAN, REVEALED);
	if
	:: swapped -> direct = RW
	:: else
	fi;
#endif
	release_lock()
}

/* The user half has its own locks: the swap alone decides who gets the frame. */
inline map_fresh()
{
	state == CLEAN;
	state_swap(CLEAN, USER);
	swapped = 0
}

/* The last count fell, its generation is complete: the other model. */
inline unmap()
{
	atomic { state == USER -> dirty = 0; state = CLEAN }
}

inline table_make()
{
#ifdef TABLE_AT_ONCE
	atomic { ACQUIRE && state == REVEALED -> lock = 1; dirty = 0; direct = R; state = TABLE }
#else
	atomic { ACQUIRE && state == CLEAN -> lock = 1 }
	state_swap(CLEAN, TABLE);
	if
#ifdef TABLE_WRITABLE
	:: swapped -> direct = RW
#else
	:: swapped -> direct = R
#endif
	:: else
	fi;
#endif
	release_lock()
}

/* The space's generation is complete: the other model. */
inline table_free()
{
	atomic { ACQUIRE && state == TABLE -> direct = NONE; number_draw(); state = WAITING }
}

inline pool_take()
{
	atomic { ACQUIRE && state == CLEAN -> lock = 1 }
	state_swap(CLEAN, OPEN);
	if
	:: swapped -> area = RW
	:: else
	fi;
	release_lock()
}

inline pool_seal()
{
	atomic { ACQUIRE && state == OPEN -> lock = 1; area = R }
#ifdef SEAL_AT_ONCE
	state = SEALED;
#else
	atomic { number_draw(); state = SEALING }
#endif
	release_lock()
}

inline pool_settle()
{
	atomic { ACQUIRE && state == SEALING -> lock = 1 }
	is_complete();
	if
	:: complete -> state_swap(SEALING, SEALED)
	:: else
	fi;
	release_lock()
}

inline pool_drop()
{
	atomic { ACQUIRE && (state == OPEN || state == SEALED) -> lock = 1; area = NONE }
#ifdef DROP_AT_ONCE
	dirty = 0;
	state = CLEAN;
#else
	atomic { number_draw(); state = WAITING }
#endif
	release_lock()
}

inline flush()
{
#ifdef SEEN_FIRST
	seen[c] = 1;
#endif
	read[c] = 1;
	atomic { cached_direct[c] = NONE; cached_area[c] = NONE }
#ifdef READ_LATE
	read[c] = 1;
#endif
	atomic { seen[c] = read[c]; read[c] = 0 }
}

proctype cpu(byte c)
{
	bit swapped, complete;

	do
	:: hide()
	:: settle()
	:: reveal()
	:: map_fresh()
	:: unmap()
	:: table_make()
	:: table_free()
	:: pool_take()
	:: pool_seal()
	:: pool_settle()
	:: pool_drop()
	:: flush()
	od
}

/* TLBs fill; steerable code stores through them. */
proctype hardware()
{
	byte c;

	do
	:: atomic {
		   select(c : 0 .. CPUS - 1);
		   if
		   :: cached_direct[c] == NONE && direct != NONE -> cached_direct[c] = direct
		   :: cached_area[c] == NONE && area != NONE -> cached_area[c] = area
		   :: !dirty && (cached_direct[c] == RW || cached_area[c] == RW || state == USER) -> dirty = 1
		   :: else
		   fi;
		   c = 0
	   }
	od
}

#define ANY(array, rights) (array[0] >= rights || array[1] >= rights || array[2] >= rights)
#define HIDDEN (state == CLEAN || state == USER || state == OPEN || state == SEALING || state == SEALED)

proctype audit()
{
	atomic {
		(state == CLEAN || state == TABLE) && dirty ||
		/* what is hidden has no alias; a page table none that may write */
		HIDDEN && ANY(cached_direct, R) || state == TABLE && ANY(cached_direct, RW) ||
		/* a pool's address shows nothing else; a sealed one is not written by any */
		(state == CLEAN || state == USER || state == TABLE || state == REVEALED) && ANY(cached_area, R) ||
		state == SEALED && ANY(cached_area, RW) ->
		assert(false)
	}
}

init {
	byte c;

	atomic {
		for (c : 0 .. CPUS - 1) {
			run cpu(c)
		}
		run hardware();
		run audit()
	}
}
