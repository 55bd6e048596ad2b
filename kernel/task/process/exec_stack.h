/*
 * The stack that a new program finds (System V ABI for AMD64, "Initial Stack and Register State"),
 * top first:
 *
 *   PROGRAM_STACK_TOP  ----
 *                    16 random bytes
 *                    strings: arguments, then environment
 *                    ---- 16-byte aligned down from here
 *                    room for the auxiliary vector, which the gate writes
 *                    environment pointers, 0
 *                    argument pointers, 0
 *   rsp              number of arguments
 */
#pragma once

#include "task/process/exec_args.h"

struct as;

/* Maps and fills the stack in an address space that is not loaded. ENOMEM. */
status_t exec_stack_build(struct as *as, struct exec_args *args, uint64_t *rsp) MUST_CHECK;
