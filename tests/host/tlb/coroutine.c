/* Stack switching, System V AMD64 calling convention: RBX, RBP and R12 to R15 survive a call. */
#include "coroutine.h"

#include <sanitizer/asan_interface.h>

asm(".text\n"
    ".globl coroutine_switch\n"
    "coroutine_switch:\n"
    "	push %rbx\n"
    "	push %rbp\n"
    "	push %r12\n"
    "	push %r13\n"
    "	push %r14\n"
    "	push %r15\n"
    "	mov %rsp, (%rdi)\n"
    "	mov %rsi, %rsp\n"
    "	pop %r15\n"
    "	pop %r14\n"
    "	pop %r13\n"
    "	pop %r12\n"
    "	pop %rbp\n"
    "	pop %rbx\n"
    "	ret\n");

void coroutine_init(struct coroutine *coroutine, unsigned char *stack, void (*body)(void))
{
	enum { SAVED_REGISTERS = 6 };
	uint64_t *top = (uint64_t *)(void *)(stack + COROUTINE_STACK_BYTES);

	/* what ran there before did not return from its functions */
	ASAN_UNPOISON_MEMORY_REGION(stack, COROUTINE_STACK_BYTES);
	*--top = 0; /* return address of body: none */
	*--top = (uint64_t)body;
	for (int i = 0; i < SAVED_REGISTERS; i++) {
		*--top = 0;
	}
	*coroutine = (struct coroutine){ (uint64_t)top, stack };
}
