; From one kernel stack to another.

default rel
bits 64
section .text
; void context_switch(uint64_t *save_rsp, uint64_t load_rsp)
global context_switch
context_switch:
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	mov [rdi], rsp
	mov rsp, rsi
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
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
	lea rax, [rdi - 8 * 8]
	mov qword [rdi - 8], 0		; ends backtraces
	lea rcx, [context_start]
	mov [rax + 6 * 8], rcx		; return address of context_switch
	mov [rax + 5 * 8], rsi		; rbx
	mov qword [rax + 4 * 8], 0	; rbp
	mov [rax + 3 * 8], rdx		; r12
	mov qword [rax + 2 * 8], 0
	mov qword [rax + 1 * 8], 0
	mov qword [rax], 0
	ret

context_start:
	mov rdi, r12
	xor r12d, r12d
	jmp rbx

; void context_restart(uint64_t stack_top, void (*function)(void *), void *argument)
global context_restart
context_restart:
	mov rsp, rdi
	mov rdi, rdx
	xor ebp, ebp
	push rbp
	jmp rsi
