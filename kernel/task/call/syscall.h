/*
 * The system calls: sys_NAME for each row of abi/syscalls.def, with as many arguments as the row
 * says, or the user's registers for those WITH_REGS (syscall_regs_complete). Each returns a result
 * of 0 or more, or a negated errno value, and checks everything before it changes anything.
 */
#pragma once

#include "arch/x86_64/cpu/registers.h"
#include "lib/status.h"
#include "lib/types.h"

#define SYSCALL_PARAMETERS_0 void
#define SYSCALL_PARAMETERS_1 uint64_t
#define SYSCALL_PARAMETERS_2 uint64_t, uint64_t
#define SYSCALL_PARAMETERS_3 uint64_t, uint64_t, uint64_t
#define SYSCALL_PARAMETERS_4 uint64_t, uint64_t, uint64_t, uint64_t
#define SYSCALL_PARAMETERS_5 uint64_t, uint64_t, uint64_t, uint64_t, uint64_t
#define SYSCALL_PARAMETERS_6 uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t

#define SYSCALL(number, name, nr_arguments) int64_t sys_##name(SYSCALL_PARAMETERS_##nr_arguments);
#define SYSCALL_WITH_REGS(number, name, nr_arguments) int64_t sys_##name(struct regs *regs);
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
