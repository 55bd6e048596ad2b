; From one kernel stack to another.

default rel
bits 64
section .text
extern upcall_switch_stack

; The middle of context_switch (switch.h). RDI: where others see the stack pointer; RSI: where they see the other's; RDX:
; the other thread. Whoever sees the last store may run on the stack that is left: it is not touched any more.
global context_continue
context_continue:
	mov rbx, rdi
	mov rbp, rsp
	mov qword [rsi], 0
	mov rdi, rdx
	mov rsi, rsp
	and rsp, ~15
	call upcall_switch_stack
	mov rsp, rax
	mov [rbx], rbp
	ret

; void cpu_idle_once(void): an interrupt that is pending at STI ends HLT at once. Intel SDM vol. 2, "STI".
global cpu_idle_once, cpu_idle_halt, cpu_idle_halt_end
cpu_idle_once:
	sti
cpu_idle_halt:
	hlt
cpu_idle_halt_end:
	cli
	ret

; uint64_t context_prepare(uint64_t stack_top, void (*function)(void *), void *argument)
global context_prepare
context_prepare:
	lea rax, [rdi - 4 * 8]
	lea rcx, [context_start]
	mov [rax], rcx			; return address of context_continue
	mov [rax + 1 * 8], rdx
	mov [rax + 2 * 8], rsi
	mov qword [rax + 3 * 8], 0	; ends backtraces
	ret

context_start:
	xor ebp, ebp
	pop rdi
	ret				; to the function

; void context_restart(uint64_t stack_top, void (*function)(void *), void *argument)
global context_restart
context_restart:
	mov rsp, rdi
	mov rdi, rdx
	xor ebp, ebp
	push rbp
	jmp rsi
