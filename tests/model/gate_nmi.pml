/*
 * A gate that is interrupted (docs/gate.md, "Interrupted"): CPU 0 is in an operation, or not; an
 * NMI or a machine check arrives at any step, the latter also in the NMI's handler. What ordinary
 * code saved is rewritten by other processors at any time, and ordinary code stores where the
 * attacker likes, so PKRS must be closed wherever it runs.
 *
 * An operation here copies its argument, checks it, spills it to the gate's stack, takes it back
 * and stores by it. The private window's root goes the way of PKRS, so `open` stands for either.
 *
 * Two more processors: one stores to whatever ordinary memory holds, the other waits for the
 * gate's lock and takes it.
 *
 * Compile-time switches, each of which removes a rule:
 *   RESUME_ORDINARY   the registers of an interrupted gate come back from an ordinary stack
 *   PKRS_ORDINARY     the rights to come back to are saved there
 *   PKRS_OPEN         a handler runs with the rights that it found
 *   CLOSE_BY_RIP      rights are closed only if the interrupted instruction is in the gate's text
 *   ALWAYS_OPEN       what returns into the gate's text opens it, closed or not before
 *   ONE_AREA          all vectors save to the same place
 *   HANDLER_GATE      an NMI handler enters a gate; one stack and save area
 *   COPY_LATE         the argument is checked, then copied from ordinary memory again
 *   LET_GO            an NMI lets the lock of the gate that it interrupts go
 */
#define GOOD 1
#define BAD 2
#define NONE 0

/* what is interrupted: ordinary text, the gate's, or the first and last instructions of a handler */
#define ORDINARY 0
#define GATE 1
#define EDGE 2

byte argument;      /* in ordinary memory */
byte ordinary[2];   /* what ordinary stacks hold of registers, by vector */
bit ordinary_open[2];

bit open;           /* PKRS, or the window's root */
byte rip;           /* in which text */
byte reg;           /* the one register that matters */
byte spill;         /* on the gate's stack */
bit locked;
byte nr_inside;     /* processors that work under the lock */
bit changed;        /* a store by the gate through a name that was not checked */
bit wild;           /* ordinary code ran with the gate open */

/* The save areas of the block, by vector. */
byte saved[2];
bit saved_open[2];
byte saved_rip[2];

byte depth;         /* handlers that are on */
bit in_gate;        /* the processor is between a gate's first and last instruction, interrupted or not */

#define NMI 0
#define MC 1
#ifdef ONE_AREA
#define AREA(vector) 0
#else
#define AREA(vector) vector
#endif

inline store_wild()
{
	wild = wild || open
}

inline operation()
{
	atomic { rip = GATE; in_gate = 1 } /* the first instruction opens */
	open = 1;
	atomic { !locked; locked = 1; nr_inside++ }
	reg = argument;
	if
	:: reg == GOOD ->
	   spill = reg;
#ifdef COPY_LATE
	   spill = argument;
#endif
	   reg = NONE; /* other work */
	   reg = spill;
	   changed = changed || reg != GOOD
	:: else /* refused */
	fi;
	atomic { locked = 0; nr_inside--; spill = NONE }
	open = 0;
	atomic { rip = ORDINARY; in_gate = 0; reg = NONE }
}

proctype processor() provided (depth == 0)
{
	do
	:: store_wild()
	:: operation()
	od
}

/* A handler may begin whenever none of its kind is on. */
inline handle(vector)
{
	atomic {
		depth = depth + 1;
		saved[AREA(vector)] = reg;
		ordinary[vector] = reg;
		saved_rip[AREA(vector)] = rip;
		saved_open[AREA(vector)] = open;
		ordinary_open[vector] = open;
		rip = EDGE
	}
#ifndef PKRS_OPEN
#ifdef CLOSE_BY_RIP
	if
	:: saved_rip[AREA(vector)] == GATE -> open = 0
	:: else
	fi;
#else
	open = 0;
#endif
#endif
#ifdef LET_GO
	locked = 0;
#endif
	atomic { rip = ORDINARY; reg = BAD } /* as ever */
	store_wild();
#ifdef HANDLER_GATE
	if
	:: vector == NMI ->
	   open = 1;
	   spill = NONE; /* the stack begins at its top again */
	   saved[AREA(vector)] = NONE; /* by what interrupts this gate */
	   open = 0
	:: else
	fi;
#endif
	rip = EDGE;
	/* the last instructions: rights, then registers and the frame, all from the block */
#if defined(ALWAYS_OPEN)
	open = saved_rip[AREA(vector)] == GATE;
#elif defined(PKRS_ORDINARY)
	open = ordinary_open[vector];
#else
	open = saved_open[AREA(vector)];
#endif
	atomic {
#ifdef RESUME_ORDINARY
		reg = ordinary[vector];
#else
		reg = saved[AREA(vector)];
#endif
		rip = saved_rip[AREA(vector)];
		saved[AREA(vector)] = NONE; saved_open[AREA(vector)] = 0; saved_rip[AREA(vector)] = ORDINARY;
		ordinary[vector] = NONE; ordinary_open[vector] = 0;
		depth = depth - 1
	}
}

proctype nmi() provided (depth < 2)
{
	do
	:: depth == 0 -> handle(NMI)
	od
}

proctype machine_check()
{
	do
	:: handle(MC)
	od
}

/* Stores to all that ordinary memory holds. */
proctype attacker()
{
	do
	:: argument = GOOD
	:: argument = BAD
	:: atomic { ordinary[NMI] = BAD; ordinary[MC] = BAD }
	:: atomic { ordinary_open[NMI] = 1; ordinary_open[MC] = 1 }
	od
}

/* Another gate that wants the same lock. */
proctype other_gate()
{
	do
	:: atomic { !locked; locked = 1; nr_inside++ }
	   atomic { locked = 0; nr_inside-- }
	od
}

proctype audit()
{
	atomic { changed || wild || nr_inside > 1 || open && depth == 0 && !in_gate -> assert(false) }
}

init {
	atomic {
		run processor();
		run nmi();
		run machine_check();
		run attacker();
		run other_gate();
		run audit()
	}
}
