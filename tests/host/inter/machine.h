/*
 * The simulated machine for interleavings of kernel/task/: CPUs that switch between kernel stacks,
 * interrupts between CPUs, one clock, and store buffers.
 *
 * The kernel's code is compiled with -fsanitize=thread, and hooks.c is what that calls: before each
 * access. There
 *
 * - an atomic operation, and a plain access to one of the words that CPUs read of each other
 *   without a lock (`current` of a CPU, `saved_rsp` and `cpu` of a thread), is a step: other CPUs
 * may run before it. The release of a lock is none: who runs between it and what came before can do
 *   nothing but wait for the lock, if it has to do with it at all. A CPU that waits for a lock goes
 *   on when it is free; a lock is known by its holder's word, which alone goes from 0.
 * - after an atomic write, the first plain access to another's object or stack is a step: what was
 *   written may have let others free it, and a store that is still in the buffer comes before.
 * - a load of a word that stays as it is (still.h), or of a lock that the CPU holds, is none.
 * - an atomic store goes to the CPU's store buffer, which empties in order, at any time, and before
 *   a read-modify-write, a fence and an interrupt to another CPU. Plain stores take effect at once.
 * - an access to an object that was freed, to the stack of a thread that was freed, or to a part of
 *   another thread's stack that it has left, is a failure.
 * - a change of a thread's state that the table of sched.c does not have is a failure.
 *
 * Memory that was freed is not used again within a scenario, so that no access to it is missed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread;

enum {
	SIM_CPUS_MAX = 3,
	SIM_STACKS_MAX = 12,         /* the last one is for booting */
	SIM_STACK_BYTES = 16 * 1024, /* KSTACK_SIZE */
	SIM_SCRUBBED_BYTES = 1024,   /* below a stack's part in use */
	SIM_FIRST_WORDS = 9,         /* on one where nothing has run yet: context_prepare */
	SIM_OBJECTS_MAX = 24,
	SIM_OBJECT_BYTES = 4096, /* room for each */
	SIM_STORES_MAX = 4,
	SIM_WORDS = 4, /* of user memory */
	SIM_CALLED_MAX = 8,
};

/* Where a CPU stands while others run. */
enum sim_stand {
	STAND_KERNEL, /* goes on */
	STAND_USER,   /* goes on, or takes an interrupt */
	STAND_HALT,   /* waits for an interrupt */
};

struct sim_store {
	void *at;
	uint64_t value;
	unsigned size_bytes;
	const struct thread *by;
};

struct sim_cpu {
	uint64_t rsp;   /* while others run */
	unsigned stack; /* index of the one it runs on */
	enum sim_stand stand;
	const uint32_t *lock;   /* that it goes on to take, once it is free; NULL: none */
	bool reschedule, timer; /* interrupts that are pending */
	bool ticks;             /* the timer is periodic */
	uint64_t once_ns;       /* or goes off at this time; UINT64_MAX: it does not */
	struct sim_store stores[SIM_STORES_MAX];
	unsigned nr_stores;
};

struct sim_object {
	const char *kind;
	size_t size_bytes;
	bool is_live;
	bool is_thread;
	bool is_claimed; /* a thread: by sched_claim, and not given back as yet */
};

struct sim_stack {
	bool is_used;
	uint64_t rsp; /* the lowest byte in use, while no code runs on it */
};

/* All that the future depends on, but for the kernel's variables and the stacks in use. */
struct sim {
	struct sim_cpu cpus[SIM_CPUS_MAX];
	struct sim_object objects[SIM_OBJECTS_MAX];
	struct sim_stack stacks[SIM_STACKS_MAX];
	unsigned nr_cpus, nr_objects, nr_stacks;
	unsigned current; /* the CPU that runs */
	uint64_t scheduler_rsp;
	uint64_t clock_ns;
	unsigned nr_ticks; /* how often the clock may still go on */
	uint32_t words[SIM_WORDS];
	unsigned char memory[SIM_OBJECTS_MAX][SIM_OBJECT_BYTES] __attribute__((aligned(64)));
};
extern struct sim sim;

enum { SIM_LINE_BYTES = 64, SIM_LINES_MAX = 1 << 16 };

/* On the heap, so that going back to an earlier state leaves it alone. */
struct sim_log {
	unsigned char stacks[SIM_STACKS_MAX][SIM_STACK_BYTES] __attribute__((aligned(64)));
	bool is_exploring; /* accesses are steps */
	bool takes_interrupt;
	bool has_published; /* the CPU that runs, since its last step: by an atomic write */
	/* lines of variables that were ever written, in the order in which they first were */
	bool is_dirty[SIM_LINES_MAX];
	uint32_t dirty[SIM_LINES_MAX];
	unsigned nr_dirty;
	char failure[160]; /* "": none */
	const char *event; /* what the next step will do, where */
	const void *event_at;
	const void *event_code;
};
extern struct sim_log *sim_log;

/* The program's variables lie between these two, which the linker provides. */
extern char __data_start[], _end[];

void sim_init(unsigned nr_cpus);

/* For code on a simulated CPU: others may run here. */
void sim_step(const char *event, const void *at, const void *code);
/* Ends the schedule. On a CPU it does not return. */
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Is anything pending that would interrupt it? */
bool sim_has_interrupt(unsigned id);

/* For the search. */
void sim_resume(unsigned id, bool takes_interrupt);
void sim_store_drain_one(unsigned id);
/* All of the CPU that runs. */
void sim_stores_drain(void);
/* A release store that is no step: others see it at a later one. */
void sim_store_later(void *at, uint64_t value);
void sim_store_apply(const struct sim_store *store);
void sim_clock_tick(void);
void sim_note_write(const void *at, size_t size_bytes);

/* transitions.c: may the state of a thread change so? Fails if not. */
void sim_check_state(const struct sim_store *store);

/* The object that the address lies in; NULL: none. */
struct sim_object *sim_object_at(const void *at, size_t *offset);
/* A stack's index. */
unsigned sim_stack_of(uint64_t address);
void sim_take_interrupts(void);
