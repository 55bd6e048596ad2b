/*
 * Hardened usercopy: what of kernel memory a copy to or from user space may touch. A bug in a
 * length or a pointer then ends in EFAULT and a line in the log, not in a leak.
 *
 * One range lookup: the current stack by two compares and a walk of as many frames as lie between;
 * an object of a slab by its frame's entry and one division; an object of a pool by its frame's
 * entry and the area's bits. Nothing is searched.
 */
#pragma once

#include "lib/types.h"

enum copy_direction { COPY_TO_USER, COPY_FROM_USER };

/*
 * [at, at + len_bytes) lies within one object: of a slab, of a pool (not sealed, to write to it),
 * one allocation of pages, the kernel's data or, to read, its constants; or within one frame of the
 * current kernel stack, above `frame`. False: it was reported. With pmalloc=off everything passes.
 */
bool usercopy_allows(const void *at, size_t len_bytes, enum copy_direction direction,
		     const void *frame);
