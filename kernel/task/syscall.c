/* From a call's number to its handler. */
#include "task/syscall.h"

#include "arch/x86_64/upcall.h"
#include "core/cpu.h"
#include "task/thread.h"

/* Three dense blocks of numbers, one after the other in the table. */
enum {
	NR_LINUX = 320,
	BULWARK_FIRST = 0x1000,
	NR_BULWARK = 32,
	VULN_FIRST = 0x1100,
	NR_VULN = 16,
	NR_SLOTS = NR_LINUX + NR_BULWARK + NR_VULN,
	NO_SLOT = NR_SLOTS,
};

#define IN_BLOCK(number, first, nr) ((number) >= (first) && (number) - (first) < (nr))
#define BULWARK_SLOT(number) ((number)-BULWARK_FIRST + NR_LINUX)
#define VULN_SLOT(number) ((number)-VULN_FIRST + NR_LINUX + NR_BULWARK)
#define SLOT(number)                                                                               \
	((number) < NR_LINUX                           ? (number)                                  \
	 : IN_BLOCK(number, BULWARK_FIRST, NR_BULWARK) ? BULWARK_SLOT(number)                      \
	 : IN_BLOCK(number, VULN_FIRST, NR_VULN)       ? VULN_SLOT(number)                         \
						       : NO_SLOT)

#define ARGUMENTS_0(r)
#define ARGUMENTS_1(r) (r)->rdi
#define ARGUMENTS_2(r) ARGUMENTS_1(r), (r)->rsi
#define ARGUMENTS_3(r) ARGUMENTS_2(r), (r)->rdx
#define ARGUMENTS_4(r) ARGUMENTS_3(r), (r)->r10
#define ARGUMENTS_5(r) ARGUMENTS_4(r), (r)->r8
#define ARGUMENTS_6(r) ARGUMENTS_5(r), (r)->r9

typedef int64_t syscall_handler(const struct regs *regs);

#define SYSCALL(number, name, nr_arguments)                                                        \
	static int64_t call_##name(const struct regs *regs)                                        \
	{                                                                                          \
		(void)regs;                                                                        \
		return sys_##name(ARGUMENTS_##nr_arguments(regs));                                 \
	}                                                                                          \
	static_assert(SLOT(number) != NO_SLOT, "the table must have room for " #name);
#include "abi/syscalls.def"
#undef SYSCALL

static syscall_handler *const handlers[NR_SLOTS] = {
#define SYSCALL(number, name, nr_arguments) [SLOT(number)] = call_##name,
#include "abi/syscalls.def"
#undef SYSCALL
};

static syscall_handler *find_handler(uint64_t number)
{
	uint64_t slot = SLOT(number);

	return slot < NR_SLOTS ? handlers[slot] : NULL;
}

void upcall_syscall(struct regs *regs)
{
	struct thread *thread = thread_current();
	syscall_handler *handler = find_handler(regs->error);

	COUNT(syscalls);
	/* a vulnerable call may have gone back to user mode on a way of its own */
	thread->in_vuln = false;
	thread->in_syscall = true;
	regs->rax = (uint64_t)(handler ? handler(regs) : STATUS_ENOSYS);
}
