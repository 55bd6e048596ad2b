/*
 * Invariant R (docs/gate.md): instructions that are begun again. A row loads a protected word that
 * decides, adds a bit of another one to it, and uses it: as CR3, or as where a call is led. It may
 * have an argument, a register from before that does not decide. An NMI arrives between any two
 * instructions, and a machine check there and in the NMI's handler, which has such a row itself. What
 * a handler saves of registers lies in ordinary memory, where another processor rewrites it at any
 * step.
 *
 * Compile-time switch: -DWITHOUT=RULE removes one of the rules below.
 */
mtype = {
	NOTHING,
	GO_ON,          /* what is interrupted goes on where it was */
	ROW_LATE,       /* the first instruction is in no row */
	ROW_SHORT,      /* the last one is in none: it goes on with what the registers were saved as */
	LOAD_ORDINARY,  /* the word is one of ordinary memory */
	BIT_BEFORE,     /* the bit is in a register from before the row */
	ARGUMENT_LOST,  /* the row changes the argument, which it reads again when it is begun again */
	ROW_OF_ONE,     /* a machine check in the NMI's handler begins nothing again */
	BY_STACK        /* whether that was in a row its handler asks what the NMI's has saved */
};
#ifndef WITHOUT
#define WITHOUT NOTHING
#endif
#define LACKS(rule) (WITHOUT == rule)

/* the word, with the bit, and with a lie in it */
#define WORD 1
#define BIT 2
#define LIE 4
#define ARGUMENT 1

/* Who executes: the kernel, the handler of an NMI, that of a machine check. */
#define KERNEL 0
#define NMI 1
#define MC 2
byte runs = KERNEL;

/* by who: its next instruction; 0 and what comes from 4 on are in no row */
#define FIRST 1
#define ADD 2
#define USE 3
byte at[3];
/* the registers */
byte value, argument, bit_before;

/* Ordinary memory: what a handler has saved, and a word. */
byte saved_value[3], saved_argument[3], saved_bit[3], saved_at[3];
byte ordinary = WORD;

bit has_lied;
bit is_wrong;

#define IS_IN_ROW(i) ((i) >= (LACKS(ROW_LATE) -> ADD : FIRST) && (i) <= (LACKS(ROW_SHORT) -> ADD : USE))
#define LOADED (LACKS(LOAD_ORDINARY) -> ordinary : WORD)
/* With the row begun too late a word that was loaded in front of it stays. */
#define BEGINS (LACKS(ROW_LATE) -> ADD : FIRST)

/* What the argument leads to, in another register or, without the rule, in its own. */
#define ROW(argument) (((argument) + 1) % 4)
#define LED_TO (LACKS(ARGUMENT_LOST) -> argument : ROW(argument))

/* Another value is wrong; where the argument leads only if nobody has lied, as it is a guess. */
inline use()
{
	is_wrong = is_wrong || value != (WORD | BIT) || LED_TO != ROW(ARGUMENT) && !has_lied
}

inline row(who)
{
	do
	:: atomic { runs == who && at[who] == 0 ->
		    argument = ARGUMENT; bit_before = BIT; value = 0; at[who] = FIRST }
	:: atomic { runs == who && at[who] == FIRST -> value = LOADED; at[who] = ADD }
	:: atomic { runs == who && at[who] == ADD ->
		    value = value | (LACKS(BIT_BEFORE) -> bit_before : BIT);
		    argument = (LACKS(ARGUMENT_LOST) -> ROW(argument) : argument);
		    at[who] = USE }
	:: atomic { runs == who && at[who] == USE ->
		    use();
		    at[who] = 0;
		    goto over }
	od;
over:	skip
}

proctype kernel()
{
again:	row(KERNEL);
	goto again
}

/* Which instruction was interrupted the processor saves, too; a lie there is control flow. */
inline enter(who, from)
{
	atomic {
		runs == from && at[who] == 0 ->
		saved_value[who] = value; saved_argument[who] = argument; saved_bit[who] = bit_before;
		saved_at[who] = at[from];
		value = 0; argument = 0; bit_before = 0;
		runs = who
	}
}

#define BEGUN_AGAIN(who, from) (IS_IN_ROW(saved_at[who]) && !LACKS(GO_ON) && \
				!(LACKS(ROW_OF_ONE) && who == MC && from == NMI) && \
				!(LACKS(BY_STACK) && who == MC && from == NMI && !IS_IN_ROW(saved_at[NMI])))

inline leave(who, from)
{
	atomic {
		value = saved_value[who]; argument = saved_argument[who]; bit_before = saved_bit[who];
		at[from] = (BEGUN_AGAIN(who, from) -> BEGINS : saved_at[who]);
		saved_value[who] = 0; saved_argument[who] = 0; saved_bit[who] = 0; saved_at[who] = 0;
		runs = from
	}
}

proctype nmi()
{
again:	enter(NMI, KERNEL);
	row(NMI);
	leave(NMI, KERNEL);
	goto again
}

proctype machine_check()
{
again:	if
	:: enter(MC, KERNEL);
	   leave(MC, KERNEL)
	:: enter(MC, NMI);
	   leave(MC, NMI)
	fi;
	goto again
}

proctype attacker()
{
	do
	:: atomic { runs == NMI -> saved_value[NMI] = LIE; saved_argument[NMI] = LIE; saved_bit[NMI] = LIE; has_lied = 1 }
	:: atomic { runs == MC -> saved_value[MC] = LIE; saved_argument[MC] = LIE; saved_bit[MC] = LIE; has_lied = 1 }
	:: atomic { ordinary = LIE; has_lied = 1 }
	od
}

proctype audit()
{
	atomic { is_wrong -> assert(false) }
}

init {
	atomic {
		run kernel();
		run nmi();
		run machine_check();
		run attacker();
		run audit()
	}
}
