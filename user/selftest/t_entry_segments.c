/*
 * Selectors: of all there are user mode may load two, and none of them for another kind of code.
 */
#include <signal.h>

#include "tap.h"
#include "torture.h"

enum {
	NR_SELECTORS = 0x10000,
	USER_DATA = 0x18, /* with any of four requestor's levels, as the next */
	USER_CODE = 0x20,
	ACCESS_LONG = 1 << 21,
	ACCESS_32_BIT = 1 << 22,
};

/* Everything between a load and the return: calls, a switch of threads, a page of the stack. */
#define USE "mov $24, %eax\n syscall\n mov $39, %eax\n syscall\n push %rax\n pop %rax\n"

NAKED(load_ds, "mov %edi, %ds\n" USE RETURN_0)
NAKED(load_es, "mov %edi, %es\n" USE RETURN_0)
NAKED(load_fs, "mov %edi, %fs\n" USE RETURN_0)
NAKED(load_gs, "mov %edi, %gs\n" USE RETURN_0)
NAKED(load_ss, "mov %edi, %ss\n" USE RETURN_0)
NAKED(pop_fs, "push %rdi\n pop %fs\n" USE RETURN_0)
NAKED(pop_gs, "push %rdi\n pop %gs\n" USE RETURN_0)

/* Far pointers: an offset of 32 bits, then the selector from the argument. */
#define FAR_POINTER                                                                                \
	"lea 1f(%rip), %rdx\n push %rdi\n shl $32, %rdi\n or %rdi, %rdx\n mov %rdx, (%rsp)\n"
NAKED(far_jump, FAR_POINTER "ljmp *(%rsp)\n 1: pop %rdx\n" USE RETURN_0)
NAKED(far_call, "mov %rsp, %r9\n" FAR_POINTER "lcall *(%rsp)\n 1: mov %r9, %rsp\n" USE RETURN_0)
NAKED(far_return, "push %rdi\n lea 1f(%rip), %rdx\n push %rdx\n lretq\n 1:" USE RETURN_0)
NAKED(far_return_narrow,
      "lea 1f(%rip), %rdx\n sub $8, %rsp\n mov %edx, (%rsp)\n mov %edi, 4(%rsp)\n lretl\n"
      "1:" USE RETURN_0)
/* The argument: code selector, and above it that of the stack. */
#define IRET_FRAME                                                                                 \
	"mov %rsp, %r9\n movzwl %di, %edx\n shr $16, %edi\n push %rdi\n push %r9\n pushq $0x202\n" \
	"push %rdx\n lea 1f(%rip), %rdx\n push %rdx\n"
NAKED(interrupt_return, IRET_FRAME "iretq\n 1:" USE RETURN_0)
/* 32 bits wide it reads another frame than we made: its code segment is the upper half of our RIP
 */
NAKED(interrupt_return_narrow, IRET_FRAME "iretl\n 1:" USE RETURN_0)

#define CODE_AND_STACK(code, stack) ((code) | (stack) << 16)
#define SEGV DIES(SIGSEGV)

/*
 * What goes to user code by way of the stack may fail, harmlessly: QEMU touches it as the kernel
 * would, so that SMAP refuses, and some only with 32 bits of its address.
 */
#define BY_STACK (LIVES | DIES(SIGSEGV))

static const struct torture pieces[] = {
	{ "DS empty", load_ds, 0, LIVES },
	{ "DS empty, with a level", load_ds, 3, LIVES },
	{ "DS of user data", load_ds, 0x1b, LIVES },
	{ "DS of user code", load_ds, 0x23, LIVES },
	{ "DS of kernel code", load_ds, 0x08, SEGV },
	{ "DS of kernel data", load_ds, 0x10, SEGV },
	{ "DS of kernel data, as a user", load_ds, 0x13, SEGV },
	{ "DS of the task state", load_ds, 0x2b, SEGV },
	{ "DS of its upper half", load_ds, 0x33, SEGV },
	{ "DS past the table", load_ds, 0x43, SEGV },
	{ "DS of the local table", load_ds, 0x07, SEGV },
	{ "DS of all ones", load_ds, 0xffff, SEGV },
	{ "ES of user data", load_es, 0x1b, LIVES },
	{ "ES of kernel data", load_es, 0x10, SEGV },
	{ "ES of the local table", load_es, 0x1f, SEGV },
	{ "FS empty", load_fs, 0, LIVES },
	{ "FS of user data", load_fs, 0x1b, LIVES },
	{ "FS of kernel data", load_fs, 0x10, SEGV },
	{ "FS of all ones", load_fs, 0xffff, SEGV },
	{ "GS empty", load_gs, 0, LIVES },
	{ "GS of user data", load_gs, 0x1b, LIVES },
	{ "GS of user code", load_gs, 0x20, LIVES },
	{ "GS of kernel data", load_gs, 0x10, SEGV },
	{ "GS of the task state", load_gs, 0x28, SEGV },
	{ "a popped FS of user data", pop_fs, 0x1b, LIVES },
	{ "a popped GS of user data", pop_gs, 0x1b, LIVES },
	{ "a popped GS of kernel data", pop_gs, 0x10, SEGV },
	{ "SS of user data", load_ss, 0x1b, LIVES },
	{ "SS empty", load_ss, 0, SEGV },
	{ "SS empty, with a level", load_ss, 3, SEGV },
	{ "SS of user data, as the kernel", load_ss, 0x18, SEGV },
	{ "SS of user code", load_ss, 0x23, SEGV },
	{ "SS of kernel data", load_ss, 0x10, SEGV },
	{ "SS of kernel data, as a user", load_ss, 0x13, SEGV },
	{ "a far jump to user code", far_jump, 0x23, LIVES },
	{ "a far jump to user code, as the kernel", far_jump, 0x20, LIVES },
	{ "a far jump to kernel code", far_jump, 0x08, SEGV },
	{ "a far jump to kernel code, as a user", far_jump, 0x0b, SEGV },
	{ "a far jump to data", far_jump, 0x1b, SEGV },
	{ "a far jump to the task state", far_jump, 0x28, SEGV },
	{ "a far jump to its upper half", far_jump, 0x30, SEGV },
	{ "a far jump to an empty selector", far_jump, 0, SEGV },
	{ "a far jump past the table", far_jump, 0x43, SEGV },
	{ "a far call to user code", far_call, 0x23, BY_STACK },
	{ "a far call to kernel code", far_call, 0x08, SEGV },
	{ "a far call to the task state", far_call, 0x2b, SEGV },
	{ "a far return to user code", far_return, 0x23, BY_STACK },
	{ "a far return to kernel code", far_return, 0x08, SEGV },
	{ "a far return to user code, as the kernel", far_return, 0x20, SEGV },
	{ "a far return to an empty selector", far_return, 0, SEGV },
	{ "a far return of 32 bits to user code", far_return_narrow, 0x23, BY_STACK },
	{ "a far return of 32 bits to kernel code", far_return_narrow, 0x08, SEGV },
	{ "IRET to user code", interrupt_return, CODE_AND_STACK(0x23, 0x1b), BY_STACK },
	{ "IRET to kernel code", interrupt_return, CODE_AND_STACK(0x08, 0x1b), SEGV },
	{ "IRET with the kernel's stack", interrupt_return, CODE_AND_STACK(0x23, 0x10), SEGV },
	{ "IRET with no stack", interrupt_return, CODE_AND_STACK(0x23, 0), SEGV },
	{ "IRET of 32 bits", interrupt_return_narrow, CODE_AND_STACK(0x23, 0x1b), SEGV },
};

enum { NR_PIECES = sizeof(pieces) / sizeof(pieces[0]) };

static bool can_read(uint32_t selector)
{
	bool can;

	__asm__("verr %w1" : "=@ccz"(can) : "r"(selector));
	return can;
}

static bool can_write(uint32_t selector)
{
	bool can;

	__asm__("verw %w1" : "=@ccz"(can) : "r"(selector));
	return can;
}

/* The access rights of a segment that user mode may know of; 0 for others. */
static uint32_t access_of(uint32_t selector)
{
	uint32_t access = 0;
	bool is_known;

	__asm__("lar %2, %0" : "+r"(access), "=@ccz"(is_known) : "r"(selector));
	return is_known ? access : 0;
}

/* Without faulting: which of all selectors the processor would let user mode use. */
static void test_all_selectors(void)
{
	unsigned int nr_readable = 0, nr_writable = 0, nr_wrong = 0;

	for (uint32_t selector = 0; selector < NR_SELECTORS; selector++) {
		bool is_data = (selector & ~3u) == USER_DATA,
		     is_code = (selector & ~3u) == USER_CODE;

		nr_readable += can_read(selector);
		nr_writable += can_write(selector);
		nr_wrong += can_read(selector) != (is_data || is_code);
		nr_wrong += can_write(selector) != is_data;
	}
	tap_ok(nr_readable == 8 && nr_writable == 4 && nr_wrong == 0,
	       "of all selectors user mode may use those of its code and data");
	tap_ok((access_of(USER_CODE | 3) & (ACCESS_LONG | ACCESS_32_BIT)) == ACCESS_LONG,
	       "its code segment is of 64 bits: there is no other mode to enter the kernel from");
}

int main(void)
{
	torture_run(pieces, NR_PIECES);
	test_all_selectors();
	torture_check_machine();
	return tap_done();
}
