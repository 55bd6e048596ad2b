/*
 * Hardened usercopy: what of kernel memory a copy to or from user space may touch. A bug in a
 * length or a pointer then ends in EFAULT and a line in the log, not in a leak.
 *
 * Nothing may be copied but what is marked where it is made: frames (frame_alloc_copied) and
 * variables (USERCOPY); and, by what they are, variables on the current stack and objects of pools.
 * Frames carry the mark, whatever address leads to them: the direct map's
 * alias of a stack or of struct cpu is refused like the stack. No slab holds anything to copy.
 *
 * One range lookup: the current stack by two compares and a walk of as many frames as lie between;
 * pages by their frame's entry; an object of a pool by its frame's entry and the area's bits.
 * Nothing is searched.
 */
#pragma once

#include "lib/types.h"

/* A variable with static storage, of this file, may be copied; to user space alone, if it is
 * constant. */
struct copied_variable {
	const void *start;
	size_t size_bytes;
};
#define USERCOPY(variable)                                                                         \
	static const struct copied_variable copied_##variable                                      \
		__attribute__((used, section(".copied"))) = { &(variable), sizeof(variable) }

extern const struct copied_variable copied_start[], copied_end[]; /* linker.ld */

enum copy_direction { COPY_TO_USER, COPY_FROM_USER };

/*
 * [at, at + len_bytes) lies within one object of a pool (not sealed, to write to it), one
 * allocation of pages for copies or one variable for copies (not a constant, to write to it); or
 * within one frame of the current kernel stack, above `frame`. False: it was reported. With
 * pmalloc=off everything passes.
 */
bool usercopy_allows(const void *at, size_t len_bytes, enum copy_direction direction,
		     const void *frame);
