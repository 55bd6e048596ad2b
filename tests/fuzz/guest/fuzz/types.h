/* The calls that the fuzzer knows, and what their arguments are. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ARGUMENTS_MAX = 6 };

enum type {
	TYPE_END, /* no more arguments */
	TYPE_ZERO,
	TYPE_MINUS,  /* -1 */
	TYPE_VALUE,  /* any number */
	TYPE_FEW,    /* a small number: flags, counts */
	TYPE_COUNT,  /* rounds of a MEANS */
	TYPE_WHAT,   /* which variant of a MEANS */
	TYPE_INDEX,  /* of a table's row */
	TYPE_SIZE,   /* of a buffer, or how many entries */
	TYPE_SHORT,  /* a length of text */
	TYPE_LENGTH, /* of memory */
	TYPE_PLACE,  /* a page of the arenas */
	TYPE_MEMORY, /* an address in them */
	TYPE_OUT,    /* one for results */
	TYPE_KERNEL, /* an address of the kernel */
	TYPE_STACK,
	TYPE_BRK,
	TYPE_HANDLE, /* an endpoint's, or a file descriptor */
	TYPE_FD,
	TYPE_PID,
	TYPE_UID,
	TYPE_CPU,
	TYPE_PROT,
	TYPE_MAP,
	TYPE_REMAP,
	TYPE_ADVICE,
	TYPE_SIGNAL,
	TYPE_SETSIZE,
	TYPE_HOW,
	TYPE_WAIT,
	TYPE_RESOURCE,
	TYPE_CLOCK,
	TYPE_CLONE,
	TYPE_FUTEX,
	TYPE_IOCTL,
	TYPE_ARCH,
	/* From here on: addresses of what data.c lays out. */
	TYPE_PATH,
	TYPE_ARGV,
	TYPE_TEXT,
	TYPE_TIME,
	TYPE_INTERVAL,
	TYPE_LIMIT,
	TYPE_VECTOR,
	TYPE_SET,
	TYPE_ACTION,
	TYPE_CPUSET,
	TYPE_TERMIOS,
	TYPE_WORD,
	TYPE_KEYS, /* what is typed */
	NR_TYPES,
	TYPE_FIRST_OF_DATA = TYPE_PATH,
};

enum how { HOW_NONE, HOW_ANY, HOW_ROOT, HOW_TIMED, HOW_FAULTS, HOW_MEANS, HOW_LEFT_OUT };

enum kind {
	KIND_NONE,
#define SYSCALL(number, name, nr_arguments) KIND_##name,
#define SYSCALL_WITH_REGS SYSCALL
#include "abi/syscalls.def"
#undef SYSCALL
	NR_SYSTEM_CALLS,
	KIND_LAST_CALL = NR_SYSTEM_CALLS - 1,
#define ARGS(name, how, ...) KIND_##name,
#include "types_extra.inc"
#undef ARGS
	NR_KINDS,
#undef SYSCALL_WITH_REGS
};

struct kind_row {
	const char *name;
	long number; /* of a system call; else 0 */
	unsigned nr_arguments;
	enum how how;
	enum type types[ARGUMENTS_MAX + 1];
};

extern struct kind_row kinds[NR_KINDS];

/* Fills in `kinds`; false where types.inc lacks a call, or has other arguments than it. */
bool kinds_init(void);
/* KIND_NONE: there is no such. */
enum kind kind_find(const char *name, unsigned len);
