/*
 * What system calls answer, one a line: "CALL: CASE: ANSWER". tests/qemu/linux.t compares the lines
 * with those that Linux printed, so a case must mean the same in both, and its answer must not
 * depend on where things lie or how fast they go.
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };
#define KERNEL_ADDRESS 0xffff888000000000ul
#define USER_END 0x7ffffffff000ul
/* Nothing is mapped there, nor near it. */
#define HOLE 0x30000000ul
/* Sets the upper half of an argument that Linux takes for an int. */
#define HIGH(value) ((1l << 32) | (uint32_t)(value))

/* Where this program is, and the argument with which it ends at once. */
#define SELF "/bin/answers"
#define NOTHING "nothing"

/* A call with six arguments: its result, or the negated errno value. */
long answer(long number, long a, long b, long c, long d, long e, long f);
#define CALL(number, ...) CALL_(number, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(number, a, b, c, d, e, f, ...)                                                       \
	answer(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* An errno value by name, an address as "address", another number as it is. */
void say(const char *call, const char *what, long result);
void say_text(const char *call, const char *what, const char *text);
/* The call, and what it answers. */
#define SAY(call, what, ...) say(#call, what, CALL(SYS_##call, __VA_ARGS__))

/* How a child ends that does this: "exit 3", "signal 11". */
typedef void (*deed)(void);
void say_end(const char *call, const char *what, deed deed);
void say_status(const char *call, const char *what, int status);

/* A fresh page, readable and writable. */
char *page(void);
/* Pages of which the last one is not mapped; the address of the hole. */
char *before_hole(int nr_pages);
/* A child that does the deed and ends with 0; its pid. */
int child(deed deed);
/* Long enough for a child to end that does so at once. */
void settle(void);

void say_io(void);
void say_mmap(void);
void say_protect(void);
void say_advice(void);
void say_remap(void);
void say_signals(void);
void say_masks(void);
void say_time(void);
void say_alarms(void);
void say_processes(void);
void say_clone(void);
void say_exec(void);
void say_groups(void);
void say_usage(void);
void say_futex(void);
void say_waiters(void);
void say_sched(void);
void say_misc(void);
void say_absent(void);
