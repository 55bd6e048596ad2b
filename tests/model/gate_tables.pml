/*
 * Page tables as frames (docs/gate.md): link and unlink, and runs that are named by their table's
 * frame.
 *
 * Two spaces have one slot for a table each, and a table one slot for a page. CPUs 0 and 2 run
 * space 0, CPU 1 space 1; CPU 2's own TLB is left out. A frame is free and clean, user memory, or
 * a table whose parent is a space; frames are named arbitrarily. TLBs hold pages, and tables on
 * the way to them.
 *
 * Compile-time switches, each of which removes a rule:
 *   NO_CLASS          link takes any frame
 *   NO_SLOT_CHECK     link does not ask whether the slot is empty
 *   NO_SWAP           link looks at the class, and writes it in a later step
 *   STATE_LATE        link writes the entry, then the class
 *   RESOLVE_OUTSIDE   whose a table is is asked before that space is locked
 *   NOT_MINE          a run need not be of the current space
 *   UNLINK_FULL       unlink does not ask whether the table is empty
 *   FREE_LINKED       a table is freed while its parent names it
 *   FREE_AT_ONCE      a table is freed when it is unlinked, before its space's number is complete
 *   UNLINK_NO_NUMBER  unlink raises no number
 *   PARKED_EMPTY      a parked page counts as an empty slot
 */
#define SPACES 2
#define FRAMES 2
#define NONE 2

mtype = { FREE, USER, TABLE };
mtype class[FRAMES] = FREE;
byte parent[FRAMES];

#define EMPTY 0
#define PRESENT 1
#define PARKED 2
byte page[FRAMES]; /* what is in the table's slot */

byte top[SPACES] = NONE; /* the space's table */
bit top_parked[SPACES];
bit lock[SPACES];

/* of CPU s, which runs space s */
bit as_seen[SPACES] = 1;
bit read[SPACES];
bit cached_page[SPACES];
byte cached_table[SPACES] = NONE;

inline number_raise(s)
{
	as_seen[s] = 0; read[s] = 0
}

inline link(s)
{
	atomic {
		select(frame : 0 .. FRAMES - 1);
		if
#ifdef NO_SLOT_CHECK
		:: !lock[s] -> lock[s] = 1
#else
		:: !lock[s] && top[s] == NONE -> lock[s] = 1
#endif
		:: else -> frame = 0; goto linked
		fi
	}
#if defined(STATE_LATE)
	atomic {
		if
		:: class[frame] == FREE -> top[s] = frame
		:: else -> goto unlock
		fi
	}
	atomic {
		if
		:: class[frame] == FREE -> class[frame] = TABLE; parent[frame] = s
		:: else -> top[s] = NONE
		fi
	}
#else
#if defined(NO_CLASS)
	atomic { class[frame] = TABLE; parent[frame] = s }
#elif defined(NO_SWAP)
	if
	:: class[frame] == FREE
	:: atomic { class[frame] != FREE -> goto unlock }
	fi;
	atomic { class[frame] = TABLE; parent[frame] = s }
#else
	atomic {
		if
		:: class[frame] == FREE -> class[frame] = TABLE; parent[frame] = s
		:: else -> goto unlock
		fi
	}
#endif
	atomic { assert(page[frame] == EMPTY); top[s] = frame }
#endif
unlock:	atomic { lock[s] = 0; frame = 0 }
linked:	skip
}

inline map(s)
{
	d_step { !lock[s] && top[s] != NONE && !top_parked[s] && page[top[s]] == EMPTY -> page[top[s]] = PRESENT }
}

#define IS_TABLE_OF(f, s) (class[f] == TABLE && parent[f] == s)

/* ok: frame is a table of this space, which is locked */
inline resolve(s)
{
	atomic {
		select(frame : 0 .. FRAMES - 1);
#if defined(NOT_MINE)
		ok = class[frame] == TABLE
#elif defined(RESOLVE_OUTSIDE)
		ok = IS_TABLE_OF(frame, s)
#endif
	}
	atomic {
		!lock[s];
		lock[s] = 1;
#if !defined(RESOLVE_OUTSIDE) && !defined(NOT_MINE)
		ok = IS_TABLE_OF(frame, s)
#endif
	}
}

inline done(s)
{
	atomic { ok = 0; frame = 0; lock[s] = 0 }
}

inline drop(s)
{
	resolve(s);
	atomic {
		if
		:: ok && page[frame] == PRESENT -> page[frame] = PARKED; number_raise(s)
		:: else
		fi
	}
	done(s)
}

inline release(s)
{
	resolve(s);
	atomic {
		if
		:: ok && page[frame] == PARKED && as_seen[s] -> page[frame] = EMPTY
		:: else
		fi
	}
	done(s)
}

/* The entry is parked, as a leaf's is: the parent keeps the table's name until nobody can walk it. */
inline unlink(s)
{
	d_step {
#if defined(UNLINK_FULL)
		!lock[s] && top[s] != NONE && !top_parked[s] ->
#elif defined(PARKED_EMPTY)
		!lock[s] && top[s] != NONE && !top_parked[s] && page[top[s]] != PRESENT ->
#else
		!lock[s] && top[s] != NONE && !top_parked[s] && page[top[s]] == EMPTY ->
#endif
		top_parked[s] = 1;
#ifndef UNLINK_NO_NUMBER
		number_raise(s)
#endif
	}
}

inline table_release(s)
{
#if defined(FREE_AT_ONCE)
	d_step { !lock[s] && top_parked[s] ->
#elif defined(FREE_LINKED)
	d_step { !lock[s] && top[s] != NONE && page[top[s]] == EMPTY && as_seen[s] ->
#else
	d_step { !lock[s] && top_parked[s] && as_seen[s] ->
#endif
		 assert(page[top[s]] == EMPTY);
		 class[top[s]] = FREE;
#ifndef FREE_LINKED
		 top[s] = NONE;
		 top_parked[s] = 0
#endif
	}
}

inline flush(s)
{
	read[s] = 1;
	atomic { cached_page[s] = 0; cached_table[s] = NONE }
	d_step { as_seen[s] = read[s]; read[s] = 0 }
}

inline user_memory(f)
{
	if
	:: d_step { class[f] == FREE -> class[f] = USER }
	:: d_step { class[f] == USER -> class[f] = FREE }
	fi
}

/* Runs space 0, and names runs of tables. */
proctype namer()
{
	byte frame;
	bit ok;

	do
	:: drop(0)
	:: release(0)
	:: flush(0)
	od
}

proctype neighbour()
{
	byte frame;

	do
	:: link(1)
	:: map(1)
	:: unlink(1)
	:: table_release(1)
	:: flush(1)
	:: d_step { !lock[1] && top[1] != NONE && page[top[1]] == PRESENT -> page[top[1]] = PARKED; number_raise(1) }
	:: d_step { !lock[1] && top[1] != NONE && page[top[1]] == PARKED && as_seen[1] -> page[top[1]] = EMPTY }
	od
}

proctype thread()
{
	byte frame;

	do
	:: link(0)
	:: map(0)
	:: unlink(0)
	:: table_release(0)
	:: user_memory(0)
	:: user_memory(1)
	od
}

proctype hardware()
{
	byte s;

	do
	:: atomic {
		   select(s : 0 .. SPACES - 1);
		   if
		   :: cached_table[s] == NONE && top[s] != NONE && !top_parked[s] -> cached_table[s] = top[s]
		   :: cached_table[s] != NONE && page[cached_table[s]] == PRESENT -> cached_page[s] = 1
		   :: else
		   fi;
		   s = 0
	   }
	od
}

#define SPACE_WRONG(s) (top[s] != NONE && !IS_TABLE_OF(top[s], s) || \
			cached_table[s] != NONE && !IS_TABLE_OF(cached_table[s], s) || \
			cached_page[s] && (top[s] == NONE || page[top[s]] == EMPTY))

proctype audit()
{
	atomic { SPACE_WRONG(0) || SPACE_WRONG(1) -> assert(false) }
}

init {
	atomic {
		run namer();
		run neighbour();
		run thread();
		run hardware();
		run audit()
	}
}
