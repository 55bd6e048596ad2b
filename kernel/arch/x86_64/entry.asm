; Every way into the kernel and out of it. The text is position independent within this section (it will also run from its
; alias in the entry area), so it leaves the section only through pointers in struct cpu, reached by GS.
;
; Sources: Intel SDM vol. 2, "SYSCALL", "SYSRET"; vol. 3A, "Exception- or Interrupt-Handler Procedures".
;
; The kernel stack at the call into C, top first (struct regs):
;
;   ss rsp rflags cs rip | error vector | rdi rsi rdx rcx rax r8 r9 r10 r11 rbx rbp r12 r13 r14 r15  <- rsp
;
; Invariant: C code runs with GS at this CPU's entry page, and with RFLAGS clean (IF, DF, AC, NT, TF, IOPL clear).

%include "offsets.inc"

default rel
bits 64
section .entry.text progbits alloc exec nowrite align=4096

%macro PUSH_REGISTERS 0
	push rdi
	push rsi
	push rdx
	push rcx
	push rax
	push r8
	push r9
	push r10
	push r11
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
%endmacro

; User values in registers must not steer the kernel: all but RSP and the ones C overwrites anyway.
%macro CLEAR_REGISTERS 0
	xor eax, eax
	xor ebx, ebx
	xor ecx, ecx
	xor edx, edx
	xor ebp, ebp
	xor r8d, r8d
	xor r9d, r9d
	xor r10d, r10d
	xor r11d, r11d
	xor r12d, r12d
	xor r13d, r13d
	xor r14d, r14d
	xor r15d, r15d
%endmacro

%macro POP_REGISTERS 0
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	pop r11
	pop r10
	pop r9
	pop r8
	pop rax
	pop rcx
	pop rdx
	pop rsi
	pop rdi
%endmacro

; SYSCALL: RCX = user RIP, R11 = user RFLAGS, flags masked by SFMASK, RSP still the user's.
global entry_syscall
entry_syscall:
	swapgs
	mov [gs:ENTRY_USER_RSP], rsp
	mov rsp, [gs:CPU_STACK_TOP]
	push SELECTOR_USER_DATA
	push qword [gs:ENTRY_USER_RSP]
	push r11
	push SELECTOR_USER_CODE
	push rcx
	push rax
	push VECTOR_SYSCALL
	PUSH_REGISTERS
	mov rdi, rsp
	xor esi, esi
	CLEAR_REGISTERS
	call [gs:CPU_ON_SYSCALL]
	; SYSRET faults in ring 0 on a non-canonical RIP (Intel), with the user's stack loaded: take IRET for it
	mov rcx, [rsp + REGS_RIP]
	shr rcx, 47
	jnz user_return_frame
	POP_REGISTERS
	mov rcx, [rsp + REGS_RIP - REGS_VECTOR]
	mov r11, [rsp + REGS_RFLAGS - REGS_VECTOR]
	mov rsp, [rsp + REGS_RSP - REGS_VECTOR]
	swapgs
	o64 sysret

; RSP at a struct regs: to user mode with exactly these registers.
global user_return_frame
user_return_frame:
	POP_REGISTERS
	add rsp, 16
	swapgs
entry_iret_user:
	iretq

; Vector stubs leave: vector, error, rip, cs, rflags, rsp, ss.
trap:
	test byte [rsp + REGS_CS - REGS_VECTOR], 3
	jz trap_from_kernel
trap_from_user:
	swapgs
	push rdi
	mov rdi, rsp
	mov rsp, [gs:CPU_STACK_TOP]
	push qword [rdi + 56]
	push qword [rdi + 48]
	push qword [rdi + 40]
	push qword [rdi + 32]
	push qword [rdi + 24]
	push qword [rdi + 16]
	push qword [rdi + 8]
	mov rdi, [rdi]
	PUSH_REGISTERS
	push 2
	popfq
	mov rdi, rsp
	xor esi, esi
	CLEAR_REGISTERS
	call [gs:CPU_ON_USER_TRAP]
	jmp user_return_frame

trap_from_kernel:
	; IRET to user mode itself may fault, with the user's GS loaded already: the process did it
	push rax
	lea rax, [entry_iret_user]
	cmp [rsp + 8 + REGS_RIP - REGS_VECTOR], rax
	pop rax
	je trap_from_user
	PUSH_REGISTERS
	push 2
	popfq
	mov rdi, rsp
	xor ebp, ebp
	cld
	mov rbx, rsp
	and rsp, ~15
	call [gs:CPU_ON_KERNEL_TRAP]
	mov rsp, rbx
	POP_REGISTERS
	add rsp, 16
	iretq

; NMI, #DF, #MC and #DB have stacks of their own and may arrive anywhere, so also with the user's GS in ring 0.
trap_paranoid:
	test byte [rsp + REGS_CS - REGS_VECTOR], 3
	jnz trap_from_user
	PUSH_REGISTERS
	push 2
	popfq
	; kernel GS bases are in the upper half, user ones never
	mov ecx, MSR_GS_BASE
	rdmsr
	xor r12d, r12d
	test edx, edx
	js .kernel_gs
	swapgs
	inc r12d
.kernel_gs:
	mov rdi, rsp
	mov rbx, rsp
	and rsp, ~15
	xor ebp, ebp
	call [gs:CPU_ON_KERNEL_TRAP]
	mov rsp, rbx
	test r12d, r12d
	jz .restore
	swapgs
.restore:
	POP_REGISTERS
	add rsp, 16
	iretq

; Vectors that push an error code: #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX
%define HAS_ERROR(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 || (v) == 29 || (v) == 30)
%define IS_PARANOID(v) ((v) == 1 || (v) == 2 || (v) == 8 || (v) == 18)

%assign v 0
%rep 256
align 16
entry_stub_%[v]:
%if !HAS_ERROR(v)
	push 0
%endif
	push v
%if IS_PARANOID(v)
	jmp trap_paranoid
%else
	jmp trap
%endif
%assign v v + 1
%endrep

section .rodata progbits alloc noexec nowrite align=4
global entry_stub_offsets
entry_stub_offsets:
%assign v 0
%rep 256
	dd entry_stub_%[v] - entry_stub_offsets
%assign v v + 1
%endrep

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

; void user_return(struct regs *regs)
global user_return
user_return:
	mov rsp, rdi
	jmp user_return_frame
