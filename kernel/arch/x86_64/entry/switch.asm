; From one kernel stack to another.

%include "offsets.inc"

default rel
bits 64
section .text
extern gate_switch_way, upcall_switch_refused, upcall_thread_begins

; The middle of context_switch (switch.h). EDI: the stack that goes on; EDX: the slot; RBX: where others see the stack pointer of the one
; that is left. Whoever sees the last store may run on that: it is not touched any more. EAX: what was done.
global context_continue
context_continue:
	mov rbp, rsp
	mov rsi, rsp
	mov r12d, edi
	call [gate_switch_way]
	test rax, rax
	jns .refused			; no address of the kernel
	mov rcx, rax
	and eax, SWITCH_DID
	xor rcx, rax
	mov rsp, rcx
	mov [rbx], rbp
	ret
.refused:
	mov esi, r12d
	mov rdi, rax
	call upcall_switch_refused

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

; EAX: what the switch did.
context_start:
	xor ebp, ebp
	mov edi, eax
	call upcall_thread_begins
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
