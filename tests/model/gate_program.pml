/*
 * Invariant P (docs/gate.md): what an entry of credentials becomes a program by has that program's
 * contents. One root lives, dies, and is made again. Each step is one operation, which holds the
 * root's lock: any processor calls any of them, with any arguments, at any step. That is the
 * attacker, and a maker whose arguments he forged. become alone takes more steps, where a rule is
 * removed.
 *
 * Processors 0 and 1 run one space, as after vfork, and 2 another one. A file has two pages, the
 * program a third one without bytes of the file, and two files there are. What a published space's owner writes there is his own, and not in here.
 *
 * Compile-time switch: -DWITHOUT=RULE removes one of the rules below.
 */
mtype = {
	NOTHING,
	BIND_FULL,          /* a root that has pages is bound to a file */
	GIVE_PROGRAM,       /* a page with contents goes to a program's root, as to a new one */
	WRITE_ANYWHERE,     /* a program's maker writes to its pages, not to the stack alone */
	LOAD_TOLD,          /* load is told which page comes next */
	LOAD_MISSING,       /* a page that is not there is loaded */
	EMPTY_KEEPS,        /* a program that loses a page is as whole as before */
	BECOME_OTHER,       /* become does not ask which file it was filled from */
	BECOME_EARLY,       /* become does not ask whether all pages are filled */
	BECOME_UNWRITTEN,   /* become does not write the auxiliary vector */
	WHOLE_THEN_PUBLISH, /* become lets go of the lock between the vector and publishing */
	PUBLISH_THEN_OWE,   /* a root is published, and counted with its entry afterwards */
	DIE_OWING,          /* a root dies that an entry names */
	REST_FULL           /* a root rests while it has pages */
};
#ifndef WITHOUT
#define WITHOUT NOTHING
#endif
#define LACKS(rule) (WITHOUT == rule)

mtype = { IDLE, NEW, PROGRAM, LIVE, DYING };

#define PAGES 2 /* with bytes of the file */
#define EMPTY 2 /* the third one */
#define NONE 3
/* what a page has: page p of file f, or one of these */
#define OF_FILE(f, p) (3 + 2 * (f) + (p))
#define ABSENT 0
#define ZEROES 1
#define OTHERS 2

mtype life = IDLE;
byte maker = NONE;
byte page[PAGES + 1];
byte stack;        /* where the auxiliary vector goes: OF_FILE(f, 0) once it is written */
bit file;
byte filled;       /* SPOILT: never whole again */
#define SPOILT 7
byte owed;
bit named[3];     /* the entry of processor c's process names the root */
byte program[3] = NONE; /* which that says; NONE: a fork's */

#define SPACE (c == 2)
#define IS_EMPTY (!page[0] && !page[1] && !page[EMPTY] && !stack)
#define MAKES (maker == SPACE)

inline make()
{
	d_step { life == IDLE -> life = NEW; maker = SPACE }
}

inline bind(f)
{
	d_step { life == NEW && MAKES && (IS_EMPTY || LACKS(BIND_FULL)) ->
		 life = PROGRAM; file = f; filled = 0 }
}

/* With zeroes, as its maker has all of a program's pages but what is loaded. */
inline map(p)
{
	d_step { (life == NEW || life == PROGRAM) && MAKES && !page[p] -> page[p] = ZEROES }
}

inline write(p)
{
	d_step { (life == NEW || life == PROGRAM && LACKS(WRITE_ANYWHERE)) && MAKES && page[p] ->
		 page[p] = OTHERS }
}

inline give(p)
{
	d_step { (life == NEW || life == PROGRAM && LACKS(GIVE_PROGRAM)) && MAKES -> page[p] = OTHERS }
}

/* Before its vector is there, as nobody finds it when it is. */
inline write_stack()
{
	d_step { (life == NEW || life == PROGRAM && filled <= PAGES) && MAKES -> stack = OTHERS }
}

#define IS_NEXT(p) (filled == (p) || LACKS(LOAD_TOLD) && filled < PAGES)
inline load(p)
{
	d_step { life == PROGRAM && MAKES && IS_NEXT(p) && (page[p] || LACKS(LOAD_MISSING)) ->
		 page[p] = (page[p] -> OF_FILE(file, p) : ABSENT);
		 filled++ }
}

/* The maker's, and of a dying one anybody's. */
inline take_pages()
{
	d_step { ((life == NEW || life == PROGRAM) && MAKES || life == DYING) && !IS_EMPTY ->
		 page[0] = ABSENT; page[1] = ABSENT; page[EMPTY] = ABSENT; stack = ABSENT;
		 filled = (LACKS(EMPTY_KEEPS) -> filled : SPOILT) }
}

#define IS_WHOLE (filled == PAGES + 1)
#define MAY_PUBLISH (MAKES && (life == NEW || life == PROGRAM && IS_WHOLE))

inline published()
{
	life = LIVE; maker = NONE
}

inline publish()
{
	d_step { MAY_PUBLISH -> published() }
}

inline entry_names(f)
{
	owed++; named[c] = 1; program[c] = f
}

/* A fork's child. */
inline fork()
{
	d_step { life == NEW && MAKES && !named[c] -> published(); entry_names(NONE) }
}

#define MAY_BECOME(f) (life == PROGRAM && MAKES && (file == f || LACKS(BECOME_OTHER)) && \
		       (filled == PAGES || LACKS(BECOME_EARLY) && filled < PAGES))
inline become(f)
{
	atomic { MAY_BECOME(f) && !named[c] ->
		 stack = (LACKS(BECOME_UNWRITTEN) -> stack : OF_FILE(f, 0));
		 filled = PAGES + 1;
		 wanted = f;
		 if
		 :: LACKS(WHOLE_THEN_PUBLISH) -> goto whole
		 :: LACKS(PUBLISH_THEN_OWE) -> published(); goto owing
		 :: else -> published(); entry_names(f); wanted = 0
		 fi }
}

inline leave()
{
	d_step { named[c] -> named[c] = 0; program[c] = NONE; owed-- }
}

/* Whoever runs it has it named. */
inline die()
{
	d_step { life == LIVE && (!owed || LACKS(DIE_OWING)) -> life = DYING }
}

inline rest()
{
	d_step { ((life == NEW || life == PROGRAM) && MAKES || life == DYING) && !owed &&
		 (IS_EMPTY || LACKS(REST_FULL)) ->
		 life = IDLE; maker = NONE; filled = 0; file = 0 }
}

proctype processor(byte c)
{
	byte wanted;

again:	do
	:: make()
	:: bind(0) :: bind(1)
	:: map(0) :: map(1) :: map(EMPTY)
	:: write(0) :: write(1) :: write(EMPTY) :: write_stack()
	:: give(0) :: give(1) :: give(EMPTY)
	:: load(0) :: load(1)
	:: take_pages()
	:: publish()
	:: fork()
	:: become(0) :: become(1)
	:: leave()
	:: die()
	:: rest()
	od;

whole:	atomic {
		if
		:: MAY_PUBLISH -> published(); entry_names(wanted)
		:: else
		fi;
		wanted = 0;
		goto again
	}
owing:	atomic {
		if
		:: life == LIVE -> entry_names(wanted)
		:: else
		fi;
		wanted = 0;
		goto again
	}
}

#define IS_PROGRAM(f) (page[0] == OF_FILE(f, 0) && page[1] == OF_FILE(f, 1) && page[EMPTY] <= ZEROES && \
		       stack == OF_FILE(f, 0))
#define WRONG(c) (named[c] && (life != LIVE || program[c] != NONE && !IS_PROGRAM(program[c])))

proctype audit()
{
	atomic {
		WRONG(0) || WRONG(1) || WRONG(2) || owed != named[0] + named[1] + named[2] ||
		life == IDLE && !IS_EMPTY -> assert(false)
	}
}

init {
	atomic {
		run processor(0); run processor(1); run processor(2);
		run audit()
	}
}
