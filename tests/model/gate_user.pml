/*
 * The gate's user half (docs/gate.md): generations with a protected as_seen, drop and release,
 * the switch that may leave the old root loaded, roots that die and are used again, an NMI at any
 * step.
 *
 * A space has one slot of one page. The frame in it stands for a page table too: a processor that
 * has the root loaded may walk what it has cached, so no cached entry under the loaded root may
 * lead to a frame that the space gave back, in user mode, in the kernel, or in an NMI handler.
 *
 * To keep the search small each processor has a part. CPU 0 stays in space 1 and releases; CPU 1
 * moves between the spaces; CPU 2 is another thread of space 1 which drops, and takes what is
 * free for whichever space, and ends space 0. Its own TLB is left out.
 *
 * Numbers are not kept. All that is ever asked is whether a number is the space's newest, so each
 * copy of one is a bit, which every new number of that space takes away. Arguments are arbitrary:
 * any processor calls any operation with any frame and space. A TLB entry may appear whenever the
 * loaded root has it, and goes with a flush of that root's PCID only. Each root has a slot of its
 * own.
 *
 * Compile-time switches, each of which removes a rule:
 *   KAISER=0          (no rule) the way out does not load a shadow root, and no switch is lazy
 *   NO_LOCK           an operation on a user half does not take its lock
 *   NUMBER_FIRST      the number rises before the entry is parked
 *   NO_NUMBER         drop raises no number
 *   NO_SEEN           release does not ask as_seen
 *   FORGED_SEEN       release believes an as_seen that ordinary memory holds
 *   FREE_AT_DROP      the frame is free when its entry is parked
 *   SEEN_FIRST        flush raises as_seen, then flushes
 *   READ_LATE         flush reads the number after the flush
 *   SWITCH_READS_FIRST  switch reads the number before the block names the new space
 *   COUNT_LATE        switch counts the new space after it has read the number
 *   OLD_DROPPED       the block names the new space alone before its root is loaded
 *   LAZY_ANY_SLOT     the old root stays loaded though the new slot is stale
 *   LAZY_BACK         a switch back to the root that is still loaded takes it as it is
 *   LAZY_TOUCH        user memory is touched while the old root is loaded
 *   LAZY_NO_KAISER    the old root stays loaded with KAISER off
 *   LAZY_FORGOTTEN    the root that stays loaded does not count as loaded
 *   LAZY_NEW_UNCOUNTED  the new space counts only when its root is loaded
 *   LEFT_KEPT         a switch goes on naming the root that stayed loaded, after the way out
 *   LEFT_FIRST        release reads the root that stayed loaded before the current one
 *   MITIGATE_LAZY     KAISER goes off while old roots are loaded
 *   NMI_NOFLUSH       the block's CR3 value has NOFLUSH before the slot is flushed
 *   NUMBERS_AGAIN     numbers are the space's own, and begin anew with each space
 *   MAKE_NO_NUMBER    a new space goes on with the number that its root's last one had
 *   RETIRE_LOADED     a root is retired without a look at who has it loaded
 */
#ifndef KAISER
#define KAISER 1
#endif
#define CPUS 2 /* whose TLBs matter */
#define SPACES 2
#define FRAMES 2
#define NONE 3

byte leaf[SPACES] = NONE; /* the frame in the slot */
bit parked[SPACES];
byte owner[FRAMES] = NONE; /* NONE: free */
byte nr_running[SPACES]; /* how many blocks name it */
bit lock[SPACES];

byte current[CPUS];
byte left[CPUS] = NONE; /* the root that a switch left loaded */
bit as_seen[CPUS];
bit read[CPUS]; /* the number that this processor has read is the newest of target[] */
byte target[CPUS];
bit noflush[CPUS]; /* of the block's CR3 value */

/* slot s of processor c: a bit each for "the number is the newest" and the translation */
#define AT(c, s) ((c) * SPACES + (s))
bit slot_fresh[CPUS * SPACES];
byte cached[CPUS * SPACES] = NONE;

byte cr3[CPUS]; /* whose root, kernel or shadow */
bit in_gate[CPUS];
bit in_nmi[CPUS];
byte nmi_cr3[CPUS];
bit kaiser = KAISER;

#define LEADS_ASTRAY(c) (cached[AT(c, cr3[c])] != NONE && owner[cached[AT(c, cr3[c])]] != cr3[c])

#ifdef NO_LOCK
#define ACQUIRE(s) true
#else
#define ACQUIRE(s) !lock[s]
#endif

inline number_raise(s)
{
	slot_fresh[AT(0, s)] = 0;
	slot_fresh[AT(1, s)] = 0;
	read[0] = read[0] && target[0] != s;
	read[1] = read[1] && target[1] != s;
	as_seen[0] = as_seen[0] && current[0] != s;
	as_seen[1] = as_seen[1] && current[1] != s
}

inline arbitrary_bit(to)
{
	if
	:: to = 0
	:: to = 1
	fi
}

inline drop(s)
{
	atomic { ACQUIRE(s) && leaf[s] != NONE && !parked[s] ->
		 lock[s] = 1;
#ifdef NUMBER_FIRST
		 number_raise(s) }
	parked[s] = 1;
#else
		 parked[s] = 1 }
#ifndef NO_NUMBER
	d_step { number_raise(s) }
#endif
#endif
	atomic {
#ifdef FREE_AT_DROP
		owner[leaf[s]] = NONE; leaf[s] = NONE; parked[s] = 0;
#endif
		lock[s] = 0
	}
}

/* ok: nobody who has the root loaded lags. One block is read in three steps. */
inline ask_all()
{
	ok = 1;
	for (other : 0 .. CPUS - 1) {
#ifdef LEFT_FIRST
		if
		:: left[other] == current[c] -> ok = 0
		:: else
		fi;
#endif
		if
		:: current[other] == current[c] ->
		   atomic {
			   if
			   :: current[other] == current[c] -> seen = as_seen[other]
			   :: else -> arbitrary_bit(seen) /* of another space by now */
			   fi;
#ifdef FORGED_SEEN
			   arbitrary_bit(seen);
#endif
			   ok = ok && seen;
			   seen = 0
		   }
		:: else
		fi;
#ifndef LEFT_FIRST
		if
		:: left[other] == current[c] -> ok = 0
		:: else
		fi
#endif
	}
	other = 0
}

inline release()
{
	atomic { ACQUIRE(current[c]) && parked[current[c]] -> in_gate[c] = 1; lock[current[c]] = 1 }
#ifdef NO_SEEN
	ok = 1;
#else
	if
	:: nr_running[current[c]] == 1 -> ok = as_seen[c]
	:: else -> ask_all()
	fi;
#endif
	atomic {
		if
		:: ok && leaf[current[c]] != NONE ->
		   owner[leaf[current[c]]] = NONE;
		   leaf[current[c]] = NONE;
		   parked[current[c]] = 0
		:: else
		fi;
		ok = 0;
		lock[current[c]] = 0;
		in_gate[c] = 0
	}
}

inline map_fresh(s, frame)
{
	d_step { ACQUIRE(s) && leaf[s] == NONE && owner[frame] == NONE -> owner[frame] = s; leaf[s] = frame }
}

inline leave_behind() /* the root that stayed loaded is not any more */
{
	if
	:: left[c] != NONE -> nr_running[left[c]]--; left[c] = NONE
	:: else
	fi
}

inline flush()
{
	atomic { in_gate[c] = 1; target[c] = current[c]; read[c] = 1 }
#ifdef SEEN_FIRST
	as_seen[c] = read[c];
#endif
	atomic { cr3[c] = current[c]; cached[AT(c, current[c])] = NONE }
#ifdef READ_LATE
	read[c] = 1;
#endif
	atomic {
		leave_behind();
		slot_fresh[AT(c, current[c])] = read[c];
		as_seen[c] = read[c];
		read[c] = 0;
		in_gate[c] = 0
	}
}

#include "gate_switch.pml"

/* Out to user mode and back in, or usercopy: both use the loaded root. */
inline use_user_memory()
{
	atomic {
		true; /* an `else` in the first statement of an option would be the loop's */
#ifndef LAZY_TOUCH
		if
		:: cr3[c] != current[c] && kaiser -> cr3[c] = current[c] /* the way out */
		:: else
		fi;
#endif
		assert(cr3[c] == current[c])
	}
}

/* A space that nobody runs dies at once: its entries go without a number. The root is used again. */
inline die_and_make(s)
{
	atomic {
#ifdef RETIRE_LOADED
		ACQUIRE(s) ->
#else
		nr_running[s] == 0 && ACQUIRE(s) ->
#endif
		assert(cr3[0] != s && cr3[1] != s);
		if
		:: leaf[s] != NONE -> owner[leaf[s]] = NONE; leaf[s] = NONE; parked[s] = 0
		:: else
		fi;
#if defined(NUMBERS_AGAIN)
		/* an old slot may have just the number that this space will have */
		arbitrary_bit(slot_fresh[AT(1, s)])
#elif defined(MAKE_NO_NUMBER)
		skip
#else
		number_raise(s)
#endif
	}
}

/* The other processors are stopped in the kernel, outside gates. */
inline mitigate()
{
#ifdef MITIGATE_LAZY
	d_step { kaiser && !in_gate[0] && !in_gate[1] -> kaiser = 0 }
#else
	d_step { kaiser && !in_gate[0] && !in_gate[1] && left[1] == NONE -> kaiser = 0 }
#endif
}

proctype giver(byte c)
{
	byte other;
	bit ok, seen;

	do
	:: release()
	:: flush()
	od
}

proctype mover(byte c) provided (!in_nmi[c])
{
	byte to, old;
	bit lazy, fresh;

	do
	:: flush()
	:: switch_root()
	:: use_user_memory()
	od
}

proctype taker()
{
	do
	:: map_fresh(0, 0)
	:: map_fresh(0, 1)
	:: map_fresh(1, 0)
	:: map_fresh(1, 1)
	:: drop(1)
	:: die_and_make(0)
	:: mitigate()
	od
}

/* TLBs fill by themselves; an NMI loads what the block says, and puts back the root of a gate. */
proctype hardware()
{
	byte c;

	do
	:: atomic {
		   select(c : 0 .. CPUS - 1);
		   if
		   :: leaf[cr3[c]] != NONE && !parked[cr3[c]] && cached[AT(c, cr3[c])] == NONE ->
		      cached[AT(c, cr3[c])] = leaf[cr3[c]]
		   :: !in_nmi[c] && c == 1 ->
		      in_nmi[c] = 1;
		      nmi_cr3[c] = cr3[c];
		      cr3[c] = current[c];
		      if
		      :: !noflush[c] -> cached[AT(c, current[c])] = NONE
		      :: else
		      fi
		   :: in_nmi[c] ->
		      in_nmi[c] = 0;
		      if
		      :: in_gate[c] -> cr3[c] = nmi_cr3[c]
		      :: else
		      fi;
		      nmi_cr3[c] = 0
		   :: else
		   fi;
		   c = 0
	   }
	od
}

proctype audit()
{
	atomic { LEADS_ASTRAY(0) || LEADS_ASTRAY(1) -> assert(false) }
}

init {
	atomic {
		as_seen[0] = 1; as_seen[1] = 1;
		noflush[0] = 1; noflush[1] = 1;
		current[0] = 1; current[1] = 0;
		cr3[0] = 1; cr3[1] = 0;
		nr_running[0] = 1; nr_running[1] = 1;
		run giver(0);
		run mover(1);
		run taker();
		run hardware();
		run audit()
	}
}
