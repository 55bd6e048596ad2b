/* The sweep: every system call with the largest arguments that it takes. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bulwark.h"

#define MIB (1ul << 20)

/* How much memory a large mapping has. */
extern size_t large_bytes;
/* Pages of 2 MiB, too: the allocator zeroes one in a row (docs/calls.md). */
extern bool with_huge;

/* Memory of that size with every page touched, or with one page of each `step` bytes. */
char *memory_touched(size_t len_bytes, int flags);
char *memory_sparse(size_t len_bytes, size_t step_bytes);

/* Runs the body in a process of its own and waits for it. */
void in_child(void (*body)(void));
/* So many threads that wait on a word (of two), or until the process ends. */
void threads_start(unsigned nr, void *(*body)(void *));
extern uint32_t words[2];
void *wait_on_first(void *unused);
void *wait_for_timer(void *unused);

/* sweep_memory.c, sweep_tasks.c, sweep_system.c: one for each call that has a loop of its own. */
#define SWEEP(name) void sweep_##name(void);
SWEEP(mmap)
SWEEP(munmap)
SWEEP(mprotect)
SWEEP(madvise)
SWEEP(brk)
SWEEP(mremap)
SWEEP(msync)
SWEEP(mincore)
SWEEP(setitimer)
SWEEP(ipc_receive)
SWEEP(ipc_reply_receive)
SWEEP(job_begin)
SWEEP(fork)
SWEEP(exit)
SWEEP(getrandom)
SWEEP(futex)
SWEEP(clone)
SWEEP(exit_group)
SWEEP(execve)
SWEEP(kill)
SWEEP(wait4)
SWEEP(nanosleep)
SWEEP(tkill)
SWEEP(sched_setaffinity)
SWEEP(ipc_call)
SWEEP(endpoint_create)
SWEEP(write)
SWEEP(writev)
SWEEP(poll)
SWEEP(readv)
SWEEP(memory_info)
SWEEP(option)
SWEEP(archive_entry)
SWEEP(symbol)
SWEEP(ptdump)
SWEEP(frame_map)
SWEEP(canvas_fill)
SWEEP(policy_load)
SWEEP(policy_rule)
SWEEP(pagemap)
SWEEP(explain)

SWEEP(attack_end)
#undef SWEEP
