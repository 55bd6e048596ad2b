/*
 * The gate's counts and rights (docs/gate.md): a frame that a space shares with the one it makes,
 * or offers to it, and TLBs that remember old rights. CPUs 0 and 1 run space 0, CPU 2 runs space
 * 1 once that is published. What a TLB may still do counts as much as what an entry says.
 *
 * A leaf changes under its space's lock, in one step here. A number is a bit: whether a
 * processor's as_seen is its space's newest. Space 0 goes on for ever; space 1 dies and is made
 * again.
 *
 * Compile-time switches, each of which removes a rule:
 *   SHARE_NO_NUMBER    share takes the giver's right to write and raises no number
 *   PUBLISH_AT_ONCE    a space that shares pages runs before its maker's number is complete
 *   SHARE_NO_COUNT     a copied leaf is not counted
 *   SHARE_WRITABLE     share leaves the giver's leaf writable
 *   PROTECT_NO_NUMBER  a right goes, and no number rises
 *   PROTECT_ANY        a leaf becomes writable whatever the count is
 *   REPLACE_AT_ONCE    the old frame's count falls at replace without a look at as_seen
 *   ACCEPT_AT_ONCE     an offered page is taken before its giver's number is complete
 *   OFFER_SHARED       a page that others map is offered, and taken with the right to write
 *   PARKED_SHARED      share copies a parked leaf, and does not count it
 */
#define CPUS 3
#define R 1 /* rights; 0: none */
#define RW 2

byte count;     /* how many leaves name the frame, parked ones among them; 0: free */
bit mapped[2];  /* the space's leaf names it */
bit parked[2];
byte rights[2];
bit offered;    /* space 0's leaf, to space 1 */
bit third;      /* a third space maps the frame, and reads it */
bit published;  /* space 1 runs */

bit as_seen[CPUS];
bit read[CPUS];
byte cached[CPUS]; /* rights of the translation */

#define COMPLETE(s) ((s) == 0 && as_seen[0] && as_seen[1] || (s) == 1 && (as_seen[2] || !published))

inline number_raise(s)
{
	if
	:: s == 0 -> as_seen[0] = 0; as_seen[1] = 0; read[0] = 0; read[1] = 0
	:: else -> as_seen[2] = 0; read[2] = 0
	fi
}

inline leaf_clear(s)
{
	mapped[s] = 0; parked[s] = 0; rights[s] = 0
}

inline map_fresh(s)
{
	d_step { count == 0 && !mapped[s] -> count = 1; mapped[s] = 1; rights[s] = RW }
}

inline drop(s)
{
	d_step { mapped[s] && !parked[s] ->
		 parked[s] = 1;
		 number_raise(s) }
}

inline release(s)
{
	d_step { parked[s] && !(s == 0 && offered) && COMPLETE(s) -> count--; leaf_clear(s) }
}

/* The fresh frame is this space's alone, and no more seen here. */
inline replace(s)
{
#ifdef REPLACE_AT_ONCE
	d_step { parked[s] && !(s == 0 && offered) -> count--; leaf_clear(s) }
#else
	d_step { parked[s] && !(s == 0 && offered) && COMPLETE(s) -> count--; leaf_clear(s) }
#endif
}

inline protect_write(s)
{
#ifdef PROTECT_ANY
	d_step { mapped[s] && !parked[s] && rights[s] == R -> rights[s] = RW }
#else
	d_step { mapped[s] && !parked[s] && rights[s] == R && count == 1 -> rights[s] = RW }
#endif
}

inline protect_read(s)
{
	d_step { mapped[s] && !parked[s] && rights[s] == RW ->
		 rights[s] = R;
#ifndef PROTECT_NO_NUMBER
		 number_raise(s)
#endif
	}
}

/* A right that went earlier had a number then. */
inline share()
{
	d_step {
#ifdef PARKED_SHARED
		mapped[0] && !published && !mapped[1] ->
		mapped[1] = 1; rights[1] = R; count = count + !parked[0];
#else
		mapped[0] && !parked[0] && !published && !mapped[1] ->
		mapped[1] = 1; rights[1] = R;
#ifndef SHARE_NO_COUNT
		count++;
#endif
#endif
		if
#ifndef SHARE_WRITABLE
		:: rights[0] == RW ->
		   rights[0] = R;
#ifndef SHARE_NO_NUMBER
		   number_raise(0)
#endif
#endif
		:: else
		fi
	}
}

/* The same with a third space, whose publishing is not looked at: it reads at once. */
inline share_with_third()
{
	d_step { mapped[0] && !parked[0] && rights[0] == R && COMPLETE(0) && !third -> third = 1; count++ }
}

inline publish()
{
#ifdef PUBLISH_AT_ONCE
	d_step { !published -> published = 1; as_seen[2] = 1; cached[2] = 0 }
#else
	d_step { !published && COMPLETE(0) -> published = 1; as_seen[2] = 1; cached[2] = 0 }
#endif
}

/* Parked for the other one; the giver can take it back. */
inline offer()
{
#ifdef OFFER_SHARED
	d_step { parked[0] && !offered -> offered = 1 }
#else
	d_step { parked[0] && !offered && count == 1 -> offered = 1 }
#endif
}

inline accept()
{
#ifdef ACCEPT_AT_ONCE
	d_step { offered && published && !mapped[1] ->
#else
	d_step { offered && published && !mapped[1] && COMPLETE(0) ->
#endif
		 offered = 0; leaf_clear(0); mapped[1] = 1; rights[1] = RW }
}

/* Nobody runs it any more: its leaf goes at once. */
inline die()
{
	d_step { published ->
		 published = 0; cached[2] = 0; read[2] = 0;
		 if
		 :: mapped[1] -> count--; leaf_clear(1)
		 :: else
		 fi }
}

inline flush()
{
	read[c] = 1;
	cached[c] = 0;
	d_step { as_seen[c] = read[c]; read[c] = 0 }
}

proctype giver(byte c)
{
	do
	:: map_fresh(0)
	:: drop(0)
	:: release(0)
	:: replace(0)
	:: protect_write(0)
	:: protect_read(0)
	:: share()
	:: share_with_third()
	:: d_step { third -> third = 0; count-- }
	:: publish()
	:: offer()
	:: d_step { offered -> offered = 0 }
	:: flush()
	od
}

proctype other_thread(byte c)
{
	do
	:: flush()
	:: protect_read(0)
	od
}

proctype taker(byte c)
{
	do
	:: published ->
	   if
	   :: map_fresh(1)
	   :: drop(1)
	   :: release(1)
	   :: replace(1)
	   :: protect_write(1)
	   :: protect_read(1)
	   :: accept()
	   :: flush()
	   :: die()
	   fi
	od
}

#define SPACE(c) ((c) == 2)

/* A processor may also take a newer, wider right: the page fault that the old one raised. */
proctype hardware()
{
	byte c;

	do
	:: atomic {
		   select(c : 0 .. CPUS - 1);
		   if
		   :: mapped[SPACE(c)] && !parked[SPACE(c)] && cached[c] < rights[SPACE(c)] && (c != 2 || published) ->
		      cached[c] = rights[SPACE(c)]
		   :: else
		   fi;
		   c = 0
	   }
	od
}

/* A thread of space 0 can store, or one of space 1. */
#define WRITERS_0 (cached[0] == RW || cached[1] == RW)
#define READERS_0 (cached[0] >= R || cached[1] >= R)

proctype audit()
{
	atomic {
		WRITERS_0 && (cached[2] >= R || published && mapped[1]) ||
		cached[2] == RW && (READERS_0 || mapped[0]) ||
		(READERS_0 && !mapped[0]) || (cached[2] >= R && !mapped[1]) ||
		third && (WRITERS_0 || cached[2] == RW) ||
		(mapped[0] + mapped[1] + third != count) ->
		assert(false)
	}
}

init {
	atomic {
		as_seen[0] = 1; as_seen[1] = 1; as_seen[2] = 1;
		run giver(0);
		run other_thread(1);
		run taker(2);
		run hardware();
		run audit()
	}
}
