/* The kernel around the code under test, as scenarios use it. */
#pragma once

#include "arch/x86_64/entry/upcall.h"
#include "core/cpu.h"
#include "machine.h"
#include "task/process/process.h"
#include "task/sched/thread.h"

struct as;

/* What the thread runs in user mode. */
void kernel_set_body(struct thread *thread, void (*body)(void));
/* Memory that is not used again once it is freed. */
void *object_new(const char *kind, size_t size_bytes);
void object_free(void *at);
unsigned kernel_nr_live(const char *kind);
struct as *kernel_as_new(void);
/* Whose page it is that as_grant moves. */
extern struct as *kernel_page_at;

/* --- for programs --- */

/* In user mode. Interrupts come in here, and nowhere else outside the kernel's own pauses. */
void user_step(void);
/* For ever: until the thread is ended. It lets others run, as the clock would. */
void user_wait(void);
/* The way back to user mode. */
void call_end(void);

/* One system call. */
#define CALL(what)                                                                                 \
	do {                                                                                       \
		user_step();                                                                       \
		what;                                                                              \
		call_end();                                                                        \
	} while (0)

enum { USER_WORDS_AT = 0x1000 };
static inline uva_t user_at(unsigned word) { return (uva_t){ USER_WORDS_AT + 4 * word }; }
static inline uint32_t *user_word(uva_t at) { return &sim.words[(at.uva - USER_WORDS_AT) / 4]; }

/* Fails the schedule when the condition does not hold. */
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			sim_fail("not so: %s", #condition);                                        \
		}                                                                                  \
	} while (0)
