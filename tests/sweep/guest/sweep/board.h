/*
 * What the sweep's processes tell each other: one page that they share. The referee, root, starts
 * an attacker for each store, and asks the kernel's witness afterwards. The attacker, uid 1000 and
 * watched, chooses a word, stores to it, and does what might be led astray by it; so do its peer, a
 * child on the other processor, and the victim, a process of root's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bulwark.h"
#include "bulwark_vuln.h"

enum { CANARY_NOT_STARTED = 254 };
enum { CPU_ATTACKER, CPU_OTHER, NAME_BYTES = 96, PAGE = 4096, ATTACKER = 1000 };

/* Beside the witness's enum bw_fact: what the referee's side sees, or what shows by itself. */
enum sweep_fact {
	FACT_WRITTEN = 1 << 16, /* a word that no store may reach was written */
	FACT_PORT = 1 << 17,    /* user mode used a port */
	FACT_PROGRAM = 1 << 18, /* a program that root ran is not what it was */
	FACT_SETUID = 1 << 19,  /* setuid said that it was done, and it was not */
	FACT_MEMORY = 1 << 20,  /* a page of root's was changed */
	FACT_READ = 1 << 21,    /* a page of root's was read */
	FACT_CALL = 1 << 22,    /* a call that the policy forbids had its effect */
};

/* What is done after a store. */
enum act {
	ACT_CALLS = 1,    /* system calls */
	ACT_PAGES = 2,    /* page faults, mmap, munmap */
	ACT_POOLS = 4,    /* pools opened, sealed, destroyed */
	ACT_GRANT = 8,    /* a page given to the peer, and one back */
	ACT_FORK = 16,    /* a child, which tries a port, too */
	ACT_EXEC = 32,    /* another program, under a rule of the policy */
	ACT_VICTIM = 64,  /* root's process forks, drops its rights, runs a program */
	ACT_POLICY = 128, /* and loads another policy */
	ACT_VISIT = 256,  /* root's process comes to the attacker's processor */
	ACT_ALL = 511,
	ACT_STORE = 512, /* the store itself, and the attacker's end */
};

enum stage {
	STAGE_NONE,
	STAGE_CHOSEN,
	STAGE_GO,
	STAGE_TRYING, /* a store that changes nothing, where one must be refused */
	STAGE_READY,  /* it was not refused: all that a store needs is started */
	STAGE_STORING,
	STAGE_STORED,
	STAGE_RESTORED
};

/* Where a process is in the kernel; each tells for itself. */
struct who {
	struct bw_leak leak;
	struct bw_sealed sealed;
	uint64_t page; /* of its memory, filled with `secret` */
	uint64_t page_pfn;
	uint32_t pid;
};

struct store {
	char name[NAME_BYTES]; /* kind:instance:member */
	char value_name[32];
	uint64_t address, value, old, size;
	bool is_protected; /* no store may reach it */
	bool is_device;
	bool has_old;
	bool is_lasting; /* the object is still there when the attacker has ended */
	bool is_pulsed;  /* set and put back again and again, while root's process works */
};

/* What is asked for. */
struct order {
	uint64_t seed, index;
	bool is_exhaustive;
	char only[NAME_BYTES]; /* a pattern of names; empty: all */
	char value[32];        /* the value's name; empty: all */
	uint32_t acts;
};

struct board {
	struct order order;
	struct who self, peer, root; /* attacker, its child, victim */
	uint64_t secret;             /* root's */
	struct store store;
	uint64_t row, row_words[2]; /* struct frame of the credentials, with a store that names
				       their frame */
	uint64_t nr_words;          /* exhaustive: how many stores there are */
	uint64_t index;             /* of this store */
	volatile uint32_t stage;
	volatile uint32_t bell; /* a futex: changes with whatever is waited for */
	volatile uint32_t round, root_round, peer_round; /* done up to this one */
	volatile uint32_t stopped_round; /* the last one whose store the page tables refused */
	volatile uint32_t facts;
	bool is_breached;
	volatile bool is_other_policy; /* in force */
	volatile bool has_tried_policy;
	volatile bool is_visited, is_visit_over;
	volatile bool is_dropper_there;
	volatile bool has_dropped;   /* a child of the victim, its rights */
	volatile bool is_at_work;    /* the victim, and does not wait any more */
	uint64_t pool_object;        /* of a pool that the attacker has opened before the store */
	volatile bool is_at_end;     /* nothing is left to store to */
	volatile uint32_t refused;   /* enum act: what works otherwise did not, or hung */
	volatile uint32_t act;       /* under way */
	volatile bool is_other_told; /* the peer has said where it is */
	uint8_t canary_sum;          /* what bin/canary says of itself */
};

extern struct board *board;

static inline void note(uint32_t facts)
{
	__atomic_fetch_or(&board->facts, facts, __ATOMIC_SEQ_CST);
}

/* Fills in where the calling process is; it has a page from then on. */
void who_tell(struct who *who, uint64_t fill);
/*
 * Waiting for something on the board, without turns that the other processes could use. But while a
 * word is pulsed: the more comes and goes on the other processor, the more of it meets the word.
 *
 *	for (struct vigil vigil = vigil_begin(ms); !board->is_there && vigil_go_on(&vigil);) {}
 */
struct vigil {
	uint32_t heard; /* the bell, before the last look */
	uint64_t end_ns;
};
#define FOREVER_MS (1u << 30)
struct vigil vigil_begin(uint64_t milliseconds);
/* Blocks until there may be something new. False: the time is over. */
bool vigil_go_on(struct vigil *vigil);
/* Something on the board is new. */
void board_ring(void);
/* Blocks, for up to so many milliseconds, until it is set. */
void flag_await(const volatile bool *flag, uint64_t milliseconds);
void stage_set(enum stage stage);
/* Blocks, for up to so many milliseconds, until the stage is reached. */
void stage_await(enum stage stage, uint64_t milliseconds);
uint64_t now_ns(void);
uint64_t now_ms(void);
/* The calling thread runs on this processor from now on. */
bool pin(unsigned cpu);

/* ---- attacker.c ---- */
/* A child of the referee becomes one, for one store. */
_Noreturn void attacker_run(void);
/* The peer is there from now on. */
void peer_need(void);
/* ---- victim.c ---- */
/* A child of the referee becomes it, for many. */
_Noreturn void victim_run(void);
/* Starts bin/canary and waits for it: its status, -1 where it did not end by itself. */
int canary_run(void);
