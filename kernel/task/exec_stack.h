/*
 * The stack that a new program finds (System V ABI for AMD64, "Initial Stack and Register State"),
 * top first:
 *
 *   EXEC_STACK_TOP   ----
 *                    16 random bytes
 *                    strings: arguments, then environment
 *                    ---- 16-byte aligned down from here
 *                    auxiliary vector, pairs of words, AT_NULL last
 *                    environment pointers, 0
 *                    argument pointers, 0
 *   rsp              number of arguments
 */
#pragma once

#include "mm/layout.h"
#include "task/elf.h"
#include "task/exec_args.h"

enum { EXEC_STACK_BYTES = 1 << 20, EXEC_STACK_GUARD_BYTES = 1 << 16 };
#define EXEC_STACK_TOP (USER_TOP - EXEC_STACK_GUARD_BYTES)

struct as;

/* Maps and fills the stack in an address space that is not loaded. ENOMEM. */
status_t exec_stack_build(struct as *as, struct exec_args *args, const struct elf_image *image,
			  uint32_t uid, uint64_t *rsp) MUST_CHECK;
