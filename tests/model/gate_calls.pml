/*
 * Invariant B (docs/gate.md): a thread's calls are served by the table of its own entry. Outside
 * the gate a processor's table is that of the binding which its block has, and that is the binding
 * of the entry of who runs there.
 *
 * Two processors run three threads, 0 and 1 of process 0 and 2 of process 1, and become other
 * programs; a third one sets the other of two policies, again and again, and nobody stands still for
 * that. Each reads and writes one word at a time; what an operation is told is not in here, as it
 * does not ask. A policy has two rules, whose order is another in the other one. A table is that of a
 * rule, and has its number.
 *
 * Compile-time switch: -DWITHOUT=RULE removes one of the rules below.
 */
mtype = {
	NOTHING,
	NO_FOLLOW,      /* a switch leaves the table as it is */
	FOLLOW_UNASKED, /* a switch takes the binding that it has read to compare, and not the entry's under the lock */
	BIND_OUTSIDE,   /* CALLS_BIND reads the binding before it has the lock */
	BIND_NEVER,     /* who has become another program goes on without */
	BECOME_SHARED,  /* a process with two threads becomes another program */
	BECOME_UNLOCKED,/* become asks the policy in force before it has the lock */
	PUT_UNLOCKED,   /* a table is written without the lock */
	BLOCKS_STAY,    /* a policy leads entries over, and no processor */
	NUMBERS_SHARED, /* rules of two policies may have the same number */
	NOTE_ALONE      /* a processor is led over, and its table is not */
};
#ifndef WITHOUT
#define WITHOUT NOTHING
#endif
#define LACKS(rule) (WITHOUT == rule)

#define NONE 9
#define PROCESS(thread) ((thread) == 2)
/* Rules 0 and 1 are the first policy's, of program 0 and 1; 2 and 3 the other one's, of 1 and 0. */
#define RULE(of_policy, of_program) ((of_policy) -> 3 - (of_program) : (of_program))
#define PROGRAM(rule) ((rule) < 2 -> (rule) : 3 - (rule))
#define NUMBER(rule) (LACKS(NUMBERS_SHARED) -> (rule) % 2 : (rule))

bit lock;
bit policy;
byte entry[2];        /* by process: its rule */
byte block[2] = NONE; /* by processor: the binding */
byte table[2] = NONE;
byte runs[2] = NONE;  /* which thread; outside the gate, if in_user */
bit in_user[2];
bit has_second = 1; /* process 0 has two threads */

#define IS_FREE(thread) (runs[0] != (thread) && runs[1] != (thread) && ((thread) != 1 || has_second))

inline acquire()
{
	atomic { !lock -> lock = 1 }
}

inline put(rule)
{
	table[c] = rule;
	block[c] = rule
}

inline release_to_user()
{
	atomic { lock = 0; found = NONE; in_user[c] = 1 }
}

/* Another thread runs, if it does not elsewhere. */
inline switch(thread)
{
	atomic { in_user[c] && IS_FREE(thread) -> in_user[c] = 0; runs[c] = thread; goto switched }
}

inline become(to)
{
	atomic { in_user[c] && (PROCESS(runs[c]) || !has_second || LACKS(BECOME_SHARED)) ->
		 in_user[c] = 0; wanted = to; goto becomes }
}

/* The second thread leaves. */
inline end()
{
	d_step { in_user[c] && runs[c] == 1 && IS_FREE(0) -> runs[c] = 0; has_second = 0; block[c] = NONE;
		 in_user[c] = 0 }
	goto switched
}

proctype processor(byte c)
{
	byte found = NONE, wanted;

	goto switched;
user:	do
	:: switch(0) :: switch(1) :: switch(2)
	:: become(0) :: become(1)
	:: end()
	od;

switched:
	if
	:: LACKS(NO_FOLLOW) && table[c] != NONE -> goto done
	:: else
	fi;
	found = entry[PROCESS(runs[c])];
	if
	:: block[c] != NONE && NUMBER(found) == NUMBER(block[c]) -> goto done
	:: else
	fi;
follow:	if
	:: LACKS(PUT_UNLOCKED)
	:: else -> acquire()
	fi;
	if
	:: LACKS(FOLLOW_UNASKED)
	:: else -> found = entry[PROCESS(runs[c])]
	fi;
	put(found);
	if
	:: LACKS(PUT_UNLOCKED) -> goto done
	:: else -> release_to_user(); goto user
	fi;

done:	atomic { found = NONE; in_user[c] = 1; goto user }

becomes:
	if
	:: LACKS(BECOME_UNLOCKED) -> found = policy; acquire()
	:: else -> acquire(); found = policy
	fi;
	atomic { entry[PROCESS(runs[c])] = RULE(found, wanted); found = NONE; wanted = 0; lock = 0 }
	if
	:: LACKS(BIND_NEVER) -> goto done
	:: LACKS(BIND_OUTSIDE) -> found = entry[PROCESS(runs[c])]; acquire()
	:: else -> acquire(); found = entry[PROCESS(runs[c])]
	fi;
	put(found);
	release_to_user();
	goto user
}

#define LED(rule) RULE(policy, PROGRAM(rule))

inline lead_block(c)
{
	if
	:: block[c] != NONE && !LACKS(BLOCKS_STAY) ->
	   led = LED(block[c]);
	   if
	   :: LACKS(NOTE_ALONE)
	   :: else -> table[c] = led
	   fi;
	   block[c] = led
	:: else
	fi
}

proctype policy_set()
{
	byte led;

	do
	:: acquire();
	   policy = 1 - policy;
	   entry[0] = LED(entry[0]);
	   entry[1] = LED(entry[1]);
	   lead_block(0);
	   lead_block(1);
	   atomic { led = 0; lock = 0 }
	od
}

#define WRONG(c) (in_user[c] && (table[c] != block[c] || table[c] != entry[PROCESS(runs[c])]))

#define IS_OLD(process) (RULE(policy, PROGRAM(entry[process])) != entry[process])

/* While a policy is set some are led over, and some are not yet. */
proctype audit()
{
	atomic { !lock && (WRONG(0) || WRONG(1) || IS_OLD(0) || IS_OLD(1)) -> assert(false) }
}

init {
	atomic {
		entry[1] = 1;
		runs[0] = 0; runs[1] = 2;
		run processor(0); run processor(1);
		run policy_set();
		run audit()
	}
}
