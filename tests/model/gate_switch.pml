/* The switch between spaces, part of gate_user.pml, which has the words and lists the rules. */
inline number_read()
{
	atomic { target[c] = to; read[c] = 1; fresh = slot_fresh[AT(c, to)] }
}

/* Until the new root is loaded the block names the old one, too. `left` that names `to` is loaded already. */
inline name_new()
{
	atomic {
		old = current[c];
#ifndef OLD_DROPPED
		if
		:: left[c] == NONE -> left[c] = old
		:: else
		fi
#endif
	}
	atomic {
		current[c] = to;
		noflush[c] = 0;
#ifdef NMI_NOFLUSH
		noflush[c] = 1;
#endif
		/* the old space's number may be higher than the new one's */
		arbitrary_bit(as_seen[c])
	}
}

inline count_new()
{
	atomic {
		if
		:: left[c] == to /* counted still */
		:: else -> nr_running[to]++
		fi
	}
}

/*
 * With `lazy` the old root stays loaded if the slot proves fresh. A switch back to the root that stayed
 * loaded needs no load either, if its slot is fresh: here it is one that changes nothing, and forgets
 * what was left, which the code goes on naming.
 */
inline switch_root()
{
	atomic { in_gate[c] = 1; to = 1 - current[c];
		 arbitrary_bit(lazy);
#ifndef LAZY_NO_KAISER
		 lazy = lazy && kaiser;
#endif
#ifndef LEFT_KEPT
		 if
		 :: cr3[c] == current[c] -> leave_behind() /* it was on the way out */
		 :: else
		 fi;
#endif
#ifndef COUNT_LATE
		 count_new()
#endif
	}
#ifdef SWITCH_READS_FIRST
	number_read();
	name_new();
#else
	name_new();
	number_read();
#endif
#ifdef COUNT_LATE
	count_new();
#endif
	atomic {
		if
#ifdef LAZY_ANY_SLOT
		:: lazy && cr3[c] != to -> skip
#else
		:: lazy && cr3[c] != to && fresh -> skip
#endif
#ifdef LAZY_BACK
		:: cr3[c] == to -> skip
#endif
		:: else ->
		   lazy = 0;
		   cr3[c] = to;
		   if
		   :: !fresh -> cached[AT(c, to)] = NONE
		   :: else
		   fi
		fi
	}
	atomic {
		slot_fresh[AT(c, to)] = read[c];
		as_seen[c] = read[c];
		noflush[c] = 1;
		read[c] = 0
	}
	atomic {
#ifdef LAZY_FORGOTTEN
		lazy = 0;
#endif
		if
#ifdef LAZY_NEW_UNCOUNTED
		:: lazy -> nr_running[to]--
#else
		:: lazy /* the block goes on naming the old one */
#endif
		:: !lazy && left[c] == old -> leave_behind()
		:: !lazy && left[c] != old -> left[c] = NONE; nr_running[old]--
		fi;
		lazy = 0; fresh = 0; old = 0; to = 0;
		in_gate[c] = 0
	}
}
