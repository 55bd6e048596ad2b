/*
 * The gate's consent, and what a root owes (docs/gate.md). A page moves to another space only if
 * both owners agree, and then has one entry; a root rests only when nothing is left that was made
 * under it. Any processor calls any operation with any arguments at any step: that is the attacker,
 * and an owner whose arguments he forged. Only the audit knows what each owner said.
 *
 * CPU c runs space c or none; while it runs none, only the marks of that space's pages speak for
 * its owner. Space 0 has two places and begins as user 0's; spaces 1 and 2 have one place each.
 * Space 1 is user 1's and goes on for ever. Spaces 0 and 2 die, rest, and are made again: 0 by
 * space 1, 2 by either, and are their maker's then. There is one page of 2 MiB, here from when it
 * is taken to when it is mapped.
 *
 * An operation holds the locks of its spaces, so it is one step, but for give and for the copy to
 * a large page. COPY and SHARED are one bit, `shared`. Generations and the choice of the root that
 * a processor loads are in gate_share.pml and gate_user.pml: here a root rests only when no
 * processor has loaded it.
 *
 * Compile-time switch: -DWITHOUT=RULE removes one of the rules below.
 */
mtype = {
	NOTHING,
	CONSENT_FOREIGN,  /* consent takes any published space */
	CONSENT_NEW,      /* consent takes a new space, from its maker */
	WITHDRAW_PRESENT, /* a mark goes from a present page only */
	GIVE_UNOFFERED,   /* give does not ask the giver */
	GIVE_UNACCEPTED,  /* give does not ask the taker */
	GIVE_DYING,       /* marks of a dying space count */
	GIVE_SHARED,      /* give takes a page whose frame may have other entries */
	GIVE_MARKED,      /* a page keeps its mark when it is given */
	ONE_LOCK,         /* give locks the giver's space only */
	ASK_OUTSIDE,      /* give asks before it locks */
	PARK_ANY,         /* park takes a page of any published space */
	PARK_RUN,         /* park asks only the first entry of a run for its mark */
	MOVE_MARKED,      /* a page keeps its mark when it moves within its space */
	MOVE_FOREIGN,     /* move does not ask whether both places are in one space */
	FORK_MARKED,      /* share copies the mark */
	FORK_ALONE,       /* share does not say that there are other entries */
	PROTECT_ANY,      /* `shared` goes whatever the frame's count is */
	REST_FULL,        /* a root rests while it has entries */
	REST_OWING,       /* a root rests while it owes */
	NEW_ANYBODY,      /* a new space is filled and published by any space */
	FRESH_ANYBODY,    /* a fresh page is mapped by any space */
	FREE_UNLOCKED,    /* a fresh page is freed without the lock of the space that took it */
	FREE_LOADED       /* freeing a fresh page lowers the count of the root that is loaded */
};
#ifndef WITHOUT
#define WITHOUT NOTHING
#endif
#define LACKS(rule) (WITHOUT == rule)

#define PLACES 4
#define SPACES 3
#define SPACE(i) ((i) < 2 -> 0 : (i) - 1)
#define FRAMES 2
#define NONE 3

mtype = { IDLE, NEW, LIVE, DYING };

#define OFFERED 1
#define ACCEPTS 2

/* places: 0 and 1 of space 0, 2 of space 1, 3 of space 2 */
byte frame[PLACES] = NONE;
bit parked[PLACES];
bit shared[PLACES];
byte mark[PLACES];
byte said[PLACES]; /* audit: what its owner said */

byte count[FRAMES]; /* 0: free */
bit whose[FRAMES];  /* audit: which user's */

mtype life[SPACES] = IDLE;
bit user[SPACES];
byte maker[SPACES] = NONE;
bit lock[SPACES];
bit loaded[SPACES]; /* by CPU s */
byte owed[SPACES];
bit old_new[SPACES]; /* audit: its maker rested */

byte fresh = NONE; /* the large page: the space that took it */
bit old_fresh;     /* audit: that space rested */

/* of CPU c */
#define CURRENT(s) (loaded[c] && (s) == c && life[s] == LIVE)
#define MAKES(s) (loaded[c] && life[s] == NEW && (maker[s] == c || LACKS(NEW_ANYBODY)))
#define OURS(s) (CURRENT(s) || MAKES(s))

#define HAS(i) (frame[i] != NONE)
#define UNLOCKED(i) (!lock[SPACE(i)])

inline entry_put(i, name, is_parked, is_shared)
{
	frame[i] = name; parked[i] = is_parked; shared[i] = is_shared; mark[i] = 0; said[i] = 0
}

inline entry_release(i)
{
	if
	:: HAS(i) -> count[frame[i]]--; whose[frame[i]] = whose[frame[i]] && count[frame[i]]
	:: else
	fi;
	entry_put(i, NONE, 0, 0)
}

inline map(i)
{
	d_step { OURS(SPACE(i)) && UNLOCKED(i) && !HAS(i) && (!count[0] || !count[1]) ->
		 frame[i] = (count[0] -> 1 : 0);
		 count[frame[i]] = 1;
		 whose[frame[i]] = user[SPACE(i)] }
}

#define MAY_CONSENT(s) (CURRENT(s) || LACKS(CONSENT_FOREIGN) && life[s] == LIVE || LACKS(CONSENT_NEW) && MAKES(s))

inline consent(i, what)
{
	d_step { MAY_CONSENT(SPACE(i)) && UNLOCKED(i) && HAS(i) && !parked[i] && !shared[i] ->
		 mark[i] = what;
		 said[i] = (CURRENT(SPACE(i)) -> what : said[i]) }
}

/* Its owner goes on as if it was gone. */
inline withdraw(i)
{
	d_step { CURRENT(SPACE(i)) && UNLOCKED(i) && mark[i] ->
		 said[i] = 0;
		 mark[i] = (LACKS(WITHDRAW_PRESENT) && parked[i] -> mark[i] : 0) }
}

#define CONSENTED(i) (life[SPACE(i)] == LIVE && (mark[i] || LACKS(PARK_ANY)))

inline park_one(i)
{
	assert(!HAS(i) || OURS(SPACE(i)) || life[SPACE(i)] == DYING || said[i]);
	parked[i] = HAS(i)
}

inline park(i)
{
	d_step { HAS(i) && !parked[i] && UNLOCKED(i) &&
		 (OURS(SPACE(i)) || life[SPACE(i)] == DYING || CONSENTED(i)) ->
		 park_one(i);
		 if
		 :: LACKS(PARK_RUN) && i == 0 -> park_one(1)
		 :: else
		 fi }
}

inline release(i)
{
	d_step { HAS(i) && UNLOCKED(i) &&
		 (life[SPACE(i)] == DYING || MAKES(SPACE(i)) || CURRENT(SPACE(i)) && parked[i]) ->
		 entry_release(i) }
}

/* The same frame: present, without marks, and `shared` only if it is. */
inline protect(i)
{
	d_step { OURS(SPACE(i)) && UNLOCKED(i) && HAS(i) && (parked[i] || shared[i]) ->
		 entry_put(i, frame[i], 0, shared[i] && count[frame[i]] > 1 && !LACKS(PROTECT_ANY)) }
}

inline share(giver, taker)
{
	d_step { OURS(SPACE(giver)) && MAKES(SPACE(taker)) && SPACE(giver) != SPACE(taker) &&
		 UNLOCKED(giver) && UNLOCKED(taker) && HAS(giver) && !HAS(taker) ->
		 count[frame[giver]]++;
		 shared[giver] = shared[giver] || !LACKS(FORK_ALONE);
		 entry_put(taker, frame[giver], parked[giver], !LACKS(FORK_ALONE));
		 mark[taker] = (LACKS(FORK_MARKED) -> mark[giver] : 0) }
}

inline move(old, new)
{
	d_step { OURS(SPACE(old)) && UNLOCKED(old) && UNLOCKED(new) && parked[old] && !HAS(new) &&
		 (SPACE(old) == SPACE(new) || LACKS(MOVE_FOREIGN)) ->
		 entry_put(new, frame[old], 0, shared[old]);
		 mark[new] = (LACKS(MOVE_MARKED) -> mark[old] : 0);
		 entry_put(old, NONE, 0, 0) }
}

#define SPEAKS(s) (life[s] == LIVE || LACKS(GIVE_DYING) && life[s] == DYING)
#define AGREES(i, what) (OURS(SPACE(i)) || SPEAKS(SPACE(i)) && mark[i] == what)
#define FITS(giver, taker) (parked[giver] && (!shared[giver] || LACKS(GIVE_SHARED)) && \
			    (!HAS(taker) || parked[taker]) && life[SPACE(taker)] != IDLE && \
			    UNLOCKED(giver) && UNLOCKED(taker))

inline give(giver, taker)
{
	atomic { FITS(giver, taker) && (AGREES(giver, OFFERED) || LACKS(GIVE_UNOFFERED)) &&
		 (AGREES(taker, ACCEPTS) || LACKS(GIVE_UNACCEPTED)) ->
		 from = giver; to = taker;
		 lock[SPACE(to)] = !LACKS(ASK_OUTSIDE) && !LACKS(ONE_LOCK);
		 lock[SPACE(from)] = !LACKS(ASK_OUTSIDE);
		 goto giving }
}

inline give_now()
{
	assert(OURS(SPACE(from)) || said[from] == OFFERED);
	assert(OURS(SPACE(to)) || said[to] == ACCEPTS);
	assert(count[frame[from]] == 1);
	entry_release(to);
	entry_put(to, frame[from], 0, 0);
	mark[to] = (LACKS(GIVE_MARKED) -> mark[from] : 0);
	whose[frame[to]] = user[SPACE(to)];
	entry_put(from, NONE, 0, 0);
	lock[SPACE(from)] = 0; lock[SPACE(to)] = 0
}

inline owes_less(s)
{
	assert(owed[s]);
	owed[s]--
}

inline make(s)
{
	d_step { CURRENT(c) && !lock[s] && life[s] == IDLE && (s || c == 1) ->
		 owed[c]++;
		 life[s] = NEW; maker[s] = c; user[s] = user[c] }
}

#define IS_EMPTY(s) ((s) == 0 && !HAS(0) && !HAS(1) || (s) == 2 && !HAS(3))

/* LIVE; or IDLE again: its maker does not need it. */
inline publish(s, state)
{
	d_step { MAKES(s) && !lock[s] && (state == LIVE || IS_EMPTY(s)) ->
		 assert(maker[s] == c && !old_new[s]);
		 life[s] = state; maker[s] = NONE; user[s] = user[s] && state == LIVE;
		 owes_less(c) }
}

/* Whatever its owner said, he is gone. */
inline die()
{
	d_step { CURRENT(c) && !lock[c] && c != 1 ->
		 life[c] = DYING;
		 said[0] = (c -> said[0] : 0); said[1] = (c -> said[1] : 0); said[3] = (c -> 0 : said[3]) }
}

inline rest(s)
{
	d_step { life[s] == DYING && !loaded[s] && !lock[s] &&
		 (IS_EMPTY(s) || LACKS(REST_FULL)) && (!owed[s] || LACKS(REST_OWING)) ->
		 life[s] = IDLE; user[s] = 0;
		 old_fresh = old_fresh || fresh == s; old_new[2] = old_new[2] || maker[2] == s }
}

inline large_take()
{
	d_step { CURRENT(c) && !lock[c] && c != 1 && fresh == NONE -> owed[c]++; fresh = c }
}

inline large_copy()
{
	atomic { CURRENT(c) && !lock[c] && fresh == c -> lock[c] = 1; goto copying }
}

inline large_map()
{
	d_step { CURRENT(c) && !lock[c] && (fresh == c || fresh != NONE && LACKS(FRESH_ANYBODY)) ->
		 assert(fresh == c && !old_fresh);
		 fresh = NONE;
		 owes_less(c) }
}

inline large_free()
{
	d_step { fresh != NONE && (!lock[fresh] || LACKS(FREE_UNLOCKED)) ->
		 if
		 :: LACKS(FREE_LOADED) -> owes_less(c)
		 :: else -> owes_less(fresh)
		 fi;
		 fresh = NONE }
}

#define PLACE(operation) operation(0) :: operation(1) :: operation(2) :: operation(3)
#define MARK(what) consent(0, what) :: consent(1, what) :: consent(2, what) :: consent(3, what)
#define WITHIN(operation) operation(0, 1) :: operation(1, 0)
#define ACROSS(operation) \
	operation(0, 2) :: operation(0, 3) :: operation(1, 2) :: operation(1, 3) :: operation(2, 0) :: \
	operation(2, 1) :: operation(2, 3) :: operation(3, 0) :: operation(3, 1) :: operation(3, 2)

proctype processor(byte c)
{
	byte from, to;

again:	do
	:: PLACE(map)
	:: MARK(OFFERED)
	:: MARK(ACCEPTS)
	:: PLACE(withdraw)
	:: PLACE(park)
	:: PLACE(release)
	:: PLACE(protect)
	:: ACROSS(share)
	:: WITHIN(move) :: ACROSS(move)
	:: WITHIN(give) :: ACROSS(give)
	:: make(0)
	:: make(2)
	:: publish(0, LIVE) :: publish(0, IDLE) :: publish(2, LIVE) :: publish(2, IDLE)
	:: die()
	:: rest(0) :: rest(2)
	:: large_take() :: large_copy() :: large_map() :: large_free()
	:: d_step { !loaded[c] && life[c] == LIVE -> loaded[c] = 1 }
	:: d_step { loaded[c] && c != 1 -> loaded[c] = 0 }
	od;

giving:	atomic {
		if
		:: LACKS(ASK_OUTSIDE) && !FITS(from, to)
		:: else -> give_now()
		fi;
		from = 0; to = 0;
		goto again
	}
copying: atomic { assert(fresh == c); lock[c] = 0; goto again }
}

#define ENTRIES(f) ((frame[0] == f) + (frame[1] == f) + (frame[2] == f) + (frame[3] == f))
#define PLACE_WRONG(i) (HAS(i) && (life[SPACE(i)] == IDLE || whose[frame[i]] != user[SPACE(i)] || \
				   !shared[i] && count[frame[i]] != 1))
#define OWES(s) ((fresh == s) + (maker[0] == s) + (maker[2] == s))

proctype audit()
{
	atomic {
		ENTRIES(0) != count[0] || ENTRIES(1) != count[1] ||
		PLACE_WRONG(0) || PLACE_WRONG(1) || PLACE_WRONG(2) || PLACE_WRONG(3) ||
		OWES(0) != owed[0] || OWES(1) != owed[1] || OWES(2) != owed[2] -> assert(false)
	}
}

init {
	atomic {
		life[0] = LIVE; life[1] = LIVE;
		user[1] = 1;
		loaded[0] = 1; loaded[1] = 1;
		run processor(0); run processor(1); run processor(2);
		run audit()
	}
}
