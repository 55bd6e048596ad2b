/*
 * The gate's frame table (docs/gate.md): states, counts, and who consents. Three processors call
 * any operation with any frame and any space, as an argument is a guess; the space that runs is
 * the one that the processor's protected block names. Generations count as complete at once:
 * gate_user.pml has them.
 *
 * A space has one slot. It acts for a user; frames never go from one user's spaces to another's
 * unless they were freed and zeroed in between.
 *
 * Compile-time switches, each of which removes a rule:
 *   NO_SWAP           map fresh looks at a frame's word, and writes it in a later step
 *   SWAP_COUNT        counts rise and fall by a load and a later store
 *   NO_SLOT_CHECK     map fresh does not ask whether the slot is empty
 *   CHECK_OUTSIDE     the frame is checked outside, and named again inside
 *   SPACE_OUTSIDE     the space is checked outside, and named again inside
 *   STATE_LATE        map fresh writes the leaf, then the frame's state
 *   FREE_FIRST        release frees a frame, then zeroes it
 *   NO_ZERO           release does not zero
 *   SHARE_NO_COUNT    a copied leaf is not counted
 *   SHARE_NAMED       the giver is the space that the caller names, not the current one
 *   DROP_NAMED        drop takes any space
 *   PUBLISHED_OPEN    a maker may fill a space that is published
 *   MAKER_BY_ROOT     a maker is its root: whoever uses that root next may fill and publish, too
 *   RETIRE_FULL       a root is retired while leaves are left
 *   ONE_LOCK          share locks the new space only
 */
#define CPUS 3
#define SPACES 3
#define FRAMES 2
#define NONE 3

mtype = { VOID, NEW, LIVE, DYING };

byte count[FRAMES];  /* of a USER frame; FREE with taken == 0 */
bit taken[FRAMES];   /* USER */
bit dirty[FRAMES];
bit user_of[FRAMES]; /* whose bytes: only the audit looks */

byte leaf[SPACES] = NONE;
bit parked[SPACES];
bit writable[SPACES];
bit lock[SPACES];
mtype life[SPACES] = VOID;
byte maker[SPACES] = NONE; /* as unique as a number that is never used again; NONE: it died */
bit user[SPACES];

byte current[CPUS];

#define IS_MINE(s) ((s) == current[c])
#ifdef PUBLISHED_OPEN
#define IS_NEW_MINE(s) ((life[s] == NEW || life[s] == LIVE) && maker[s] == current[c])
#else
#define IS_NEW_MINE(s) (life[s] == NEW && maker[s] == current[c])
#endif

inline refuse()
{
	frame = 0; space = 0; other = 0
}

inline leaf_write(s)
{
	leaf[s] = frame;
	writable[s] = 1
}

inline take()
{
	taken[frame] = 1; count[frame] = 1; dirty[frame] = 1; user_of[frame] = user[space]
}

inline map_fresh()
{
	atomic {
		select(space : 0 .. SPACES - 1);
		select(frame : 0 .. FRAMES - 1);
		if
#ifdef NO_SLOT_CHECK
		:: !lock[space] && (IS_MINE(space) || IS_NEW_MINE(space)) ->
#else
		:: !lock[space] && (IS_MINE(space) || IS_NEW_MINE(space)) && leaf[space] == NONE ->
#endif
#ifdef SPACE_OUTSIDE
		   select(space : 0 .. SPACES - 1);
		   if
		   :: !lock[space] && leaf[space] == NONE && life[space] != VOID -> lock[space] = 1
		   :: else -> refuse(); goto mapped
		   fi
#else
		   lock[space] = 1
#endif
		:: else -> refuse(); goto mapped
		fi;
		assert(IS_MINE(space) || IS_NEW_MINE(space))
	}
#if defined(STATE_LATE)
	atomic {
		if
		:: !taken[frame] -> leaf_write(space)
		:: else -> lock[space] = 0; refuse(); goto mapped
		fi
	}
	if
	:: atomic { !taken[frame] -> take() }
	:: atomic { taken[frame] -> leaf[space] = NONE; writable[space] = 0 }
	fi;
#else
#if defined(CHECK_OUTSIDE)
	atomic {
		select(frame : 0 .. FRAMES - 1);
		take()
	}
#elif defined(NO_SWAP)
	if
	:: atomic { taken[frame] -> lock[space] = 0; refuse(); goto mapped }
	:: !taken[frame]
	fi;
	atomic { take() }
#else
	atomic {
		if
		:: taken[frame] -> lock[space] = 0; refuse(); goto mapped
		:: else -> assert(!dirty[frame]); take()
		fi
	}
#endif
	atomic { leaf_write(space) }
#endif
	atomic { lock[space] = 0; refuse() }
mapped:	skip
}

inline drop()
{
	atomic {
		select(space : 0 .. SPACES - 1);
		if
#ifdef DROP_NAMED
		:: !lock[space] && life[space] != VOID && leaf[space] != NONE ->
#else
		:: !lock[space] && (IS_MINE(space) || life[space] == DYING) && leaf[space] != NONE ->
#endif
		   assert(life[space] == DYING || space == current[c]);
		   parked[space] = 1; writable[space] = 0
		:: else
		fi;
		refuse()
	}
}

inline release()
{
	atomic {
		select(space : 0 .. SPACES - 1);
		if
		:: !lock[space] && (IS_MINE(space) || life[space] == DYING) && parked[space] ->
		   lock[space] = 1;
		   frame = leaf[space];
		   leaf[space] = NONE;
		   parked[space] = 0
		:: else -> refuse(); goto released
		fi
	}
#ifdef SWAP_COUNT
	other = count[frame];
	count[frame] = other - 1;
#else
	atomic { count[frame]--; other = count[frame] + 1 }
#endif
	if
	:: other == 1 -> /* the last one: nobody else can name it now */
#ifdef FREE_FIRST
	   taken[frame] = 0;
#endif
#ifndef NO_ZERO
	   d_step { assert(count[frame] == 0); dirty[frame] = 0 }
#endif
	   taken[frame] = 0
	:: else
	fi;
	atomic { lock[space] = 0; refuse() }
released: skip
}

/* space: the giver; other: the new one. */
inline share()
{
	atomic {
		select(other : 0 .. SPACES - 1);
#ifdef SHARE_NAMED
		select(space : 0 .. SPACES - 1);
#else
		space = current[c];
#endif
		if
		:: space != other && !lock[space] && !lock[other] && IS_NEW_MINE(other) && leaf[other] == NONE &&
		   leaf[space] != NONE && !parked[space] && life[space] != VOID ->
#ifndef ONE_LOCK
		   lock[space] = 1;
#endif
		   lock[other] = 1;
		   frame = leaf[space]
		:: else -> refuse(); goto shared
		fi
	}
#ifndef SHARE_NO_COUNT
#ifdef SWAP_COUNT
	load = count[frame];
	atomic { count[frame] = load + 1; load = 0 }
#else
	count[frame]++;
#endif
#endif
	atomic {
		leaf[other] = frame; writable[space] = 0; writable[other] = 0;
		lock[space] = 0; lock[other] = 0; refuse()
	}
shared:	skip
}

/* Alone with its page again. */
inline protect_write(s)
{
	d_step { s == current[c] && !lock[s] && leaf[s] != NONE && !parked[s] && count[leaf[s]] == 1 -> writable[s] = 1 }
}

inline make(s)
{
	d_step { life[s] == VOID && !lock[s] -> life[s] = NEW; maker[s] = current[c]; user[s] = user[current[c]] }
}

/* An empty one may act for another user, as exec of a setuid program does. */
inline publish(s)
{
	atomic { IS_NEW_MINE(s) && life[s] == NEW && !lock[s] ->
		 assert(user[s] == user[current[c]]);
		 life[s] = LIVE;
		 if
		 :: leaf[s] == NONE -> user[s] = 1 - user[s]
		 :: true
		 fi }
}

inline switch_to(s)
{
	d_step { life[s] == LIVE && current[c] != s -> current[c] = s }
}

#define RUNS(s) (current[0] == s || current[1] == s || current[2] == s)

inline die(s)
{
	d_step {
		(life[s] == LIVE && !RUNS(s) || life[s] == NEW && maker[s] == NONE) && !lock[s] ->
		life[s] = DYING;
		maker[s] = NONE;
#ifndef MAKER_BY_ROOT
		maker[0] = (maker[0] == s -> NONE : maker[0]);
		maker[1] = (maker[1] == s -> NONE : maker[1]);
		maker[2] = (maker[2] == s -> NONE : maker[2]);
#endif
	}
}

inline retire(s)
{
#ifdef RETIRE_FULL
	d_step { life[s] == DYING && !lock[s] -> life[s] = VOID }
#else
	d_step { life[s] == DYING && !lock[s] && leaf[s] == NONE -> life[s] = VOID }
#endif
}

/* To keep the search small, each processor has a part, and CPU 0 alone moves between spaces. */
proctype giver(byte c)
{
	byte frame, space, other;
#ifdef SWAP_COUNT
	byte load;
#endif

	do
	:: map_fresh()
	:: share()
	:: drop()
	:: protect_write(current[c])
	:: make(2)
	:: publish(2)
	:: switch_to(0) :: switch_to(1) :: switch_to(2)
	od
}

proctype releaser(byte c)
{
	byte frame, space, other;

	do
	:: map_fresh()
	:: drop()
	:: release()
	od
}

/* Makes and ends spaces, from space 1, which goes on for ever. */
proctype spaces(byte c)
{
	do
	:: make(0)
	:: publish(0)
	:: die(0) :: die(2)
	:: retire(0) :: retire(2)
	od
}

#define LEAVES(f) ((leaf[0] == f) + (leaf[1] == f) + (leaf[2] == f))
#define QUIET (!lock[0] && !lock[1] && !lock[2])
#define FRAME_WRONG(f) (LEAVES(f) > count[f] || LEAVES(f) && !taken[f] || QUIET && LEAVES(f) != count[f] || \
			QUIET && taken[f] && !count[f])
#define LEAF_WRONG(s) (leaf[s] != NONE && (life[s] == VOID || user_of[leaf[s]] != user[s] || \
			writable[s] && LEAVES(leaf[s]) > 1))

proctype audit()
{
	atomic {
		FRAME_WRONG(0) || FRAME_WRONG(1) || LEAF_WRONG(0) || LEAF_WRONG(1) || LEAF_WRONG(2) -> assert(false)
	}
}

init {
	byte c;

	atomic {
		life[0] = LIVE; life[1] = LIVE;
		user[1] = 1;
		current[1] = 1; current[2] = 1;
		run giver(0);
		run releaser(1);
		run spaces(2);
		run audit()
	}
}
