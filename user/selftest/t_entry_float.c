/*
 * Floating-point exceptions that are pending when the kernel is entered: they wait for the
 * program's own next instruction, in whatever thread and processor, and concern nobody else.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tap.h"
#include "torture.h"

static const struct {
	uint64_t seconds, nanoseconds;
} nap __attribute__((used)) = { 0, 1000000 };
static const uint16_t unmasked __attribute__((used)) = 0x0340;
static const uint32_t unmasked_sse __attribute__((used)) = 0;
static const uint8_t no_number[8] __attribute__((used)) = { 1, 0, 0, 0, 0, 0, 0xf0, 0x7f };
static char fresh_page[2 * BW_PAGE_SIZE] __attribute__((used, aligned(4096)));

/* 1 / 0 on the x87, which tells only at its next instruction. */
#define PENDING "fninit\n fldcw unmasked(%rip)\n fld1\n fldz\n fdivrp\n"
#define STACK_FULL                                                                                 \
	"fninit\n fldcw unmasked(%rip)\n"                                                          \
	".rept 9\n fld1\n .endr\n"
#define PENDING_NOT_A_NUMBER "fninit\n fldcw unmasked(%rip)\n fldl no_number(%rip)\n fld1\n faddp\n"
#define TELL "fwait\n fninit\n" RETURN_0
#define FORGET "fnclex\n fninit\n" RETURN_0
#define CALL(number) "mov $" #number ", %eax\n syscall\n"
#define SLEEP "lea nap(%rip), %rdi\n xor %esi, %esi\n" CALL(35)
#define FAULT "movb $1, fresh_page + 4096(%rip)\n"
#define WAIT "mov $3000000, %ecx\n 1: dec %ecx\n jnz 1b\n"

NAKED(tell_call, PENDING CALL(39) TELL)
NAKED(tell_yield, PENDING CALL(24) TELL)
NAKED(tell_sleep, PENDING SLEEP TELL)
NAKED(tell_fault, PENDING FAULT TELL)
NAKED(tell_interrupts, PENDING WAIT TELL)
NAKED(tell_fork, PENDING CALL(57) TELL)
NAKED(tell_stack, STACK_FULL CALL(24) TELL)
NAKED(tell_not_a_number, PENDING_NOT_A_NUMBER SLEEP TELL)
NAKED(forget_call, PENDING CALL(39) FORGET)
NAKED(forget_sleep, PENDING SLEEP FORGET)
NAKED(forget_fault, PENDING FAULT FORGET)
NAKED(forget_interrupts, PENDING WAIT FORGET)
NAKED(exit_pending, PENDING "xor %edi, %edi\n" CALL(231))
NAKED(int3_pending, PENDING "int3\n" FORGET)
NAKED(ud2_pending, PENDING "ud2\n" FORGET)
NAKED(sse_unmasked, "ldmxcsr unmasked_sse(%rip)\n" CALL(39) SLEEP FAULT WAIT RETURN_0)
#define DIVIDE_SSE                                                                                 \
	"xorps %xmm0, %xmm0\n mov $0x3f800000, %eax\n movd %eax, %xmm1\n divss %xmm0, %xmm1\n"
NAKED(sse_tells, "ldmxcsr unmasked_sse(%rip)\n" SLEEP DIVIDE_SSE RETURN_0)

#define FPE DIES(SIGFPE)

static const struct torture pieces[] = {
	{ "a pending x87 exception across a call", tell_call, 0, FPE },
	{ "one across sched_yield", tell_yield, 0, FPE },
	{ "one across nanosleep", tell_sleep, 0, FPE },
	{ "one across a page fault", tell_fault, 0, FPE },
	{ "one across interrupts", tell_interrupts, 0, FPE },
	{ "one across fork", tell_fork, 0, FPE },
	/* QEMU's code generator has no such exception */
	{ "a stack overflow of the x87 across sched_yield", tell_stack, 0, FPE | LIVES },
	{ "a signalling NaN across nanosleep", tell_not_a_number, 0, FPE },
	{ "an x87 exception that is cleared after a call", forget_call, 0, LIVES },
	{ "one that is cleared after nanosleep", forget_sleep, 0, LIVES },
	{ "one that is cleared after a page fault", forget_fault, 0, LIVES },
	{ "one that is cleared after interrupts", forget_interrupts, 0, LIVES },
	{ "one pending in exit_group", exit_pending, 0, LIVES },
	{ "one pending at INT3", int3_pending, 0, DIES(SIGTRAP) },
	{ "one pending at UD2", ud2_pending, 0, DIES(SIGILL) },
	{ "MXCSR with every exception on", sse_unmasked, 0, LIVES },
	/* QEMU's code generator raises none */
	{ "an SSE exception after nanosleep", sse_tells, 0, FPE | LIVES },
};

/* Whoever comes next finds an x87 that has forgotten. */
NAKED(wait_for_x87, "fwait\n fld1\n fstp %st(0)\n fwait\n" RETURN_0)

int main(void)
{
	const struct torture next = { "the next program", wait_for_x87, 0, LIVES };

	torture_run(pieces, sizeof(pieces) / sizeof(pieces[0]));
	tap_ok(torture_ends_well(&next), "the next program sees none of these exceptions");
	torture_check_machine();
	return tap_done();
}
