; A system call once the kernel's root is loaded: from the entry code to the handler and back. The handlers are C
; functions that take the call's arguments in the registers where the program put them.

%include "offsets.inc"
%include "arch/x86_64/entry/begun_again.inc"

default rel
bits 64
section .text

extern upcall_budget_call, ktlb_newest, ktlb_catch_up, upcall_syscall_refused, upcall_syscall_watched, upcall_user_return, upcall_syscall_stale

; What the entry code did not save, and IRET or a copy of the registers needs. %1: where the struct regs is. Loses R10.
%macro COMPLETE_REGS 1
	mov r10, [gs:ENTRY_USER_RSP]
	mov [%1 + REGS_rsp], r10
	mov r10, [%1 + REGS_rflags]
	mov [%1 + REGS_r11], r10
	mov r10, [%1 + REGS_rip]
	mov [%1 + REGS_rcx], r10
	mov qword [%1 + REGS_vector], VECTOR_SYSCALL
	mov qword [%1 + REGS_error], 0
	mov qword [%1 + REGS_cs], SELECTOR_USER_CODE
	mov qword [%1 + REGS_ss], SELECTOR_USER_DATA
%endmacro

; A call's arguments, as its handler gets them, across one to C.
%macro PUSH_ARGUMENTS 0
	push rdi
	push rsi
	push rdx
	push rcx
	push r8
	push r9
%endmacro
%macro POP_ARGUMENTS 0
	pop r9
	pop r8
	pop rcx
	pop rdx
	pop rsi
	pop rdi
%endmacro

; For the meter of debug builds.
%macro BEGIN_BUDGET 0
	PUSH_ARGUMENTS
	push rax
	push rax
	mov rdi, rax
	call upcall_budget_call
	pop rax
	pop rax
	POP_ARGUMENTS
%endmacro

; RAX number, arguments in RDI RSI RDX RCX R8 R9, RSP at the struct regs. The handler gets the row of the call in R11D. Which table serves,
; and that the row is one of it, no handler of an NMI, #MC or #DB keeps in memory: .look to .looked is begun again, and changes nothing
; that it reads.
global syscall_main
syscall_main:
%ifdef BULWARK_DEBUG
	mov r11, [ktlb_newest]
	mov [gs:CPU_NEWEST_AT_ENTRY], r11
	BEGIN_BUDGET
%endif
	mov r11, [ktlb_newest]
	cmp r11, [gs:CPU_TLB_SEEN]
	jne .catch_up
.caught_up:
%ifdef BULWARK_DEBUG
	mov r11, [gs:CPU_NEWEST_AT_ENTRY]
	cmp [gs:CPU_TLB_SEEN], r11
	jb .stale
%endif
%ifdef BULWARK_PCID
	mov qword [gs:TLB_PORT_STANDS], 1
%endif
.look:
	cmp rax, NR_SYSCALL_NUMBERS
	jae .unknown
	sbb r11, r11			; all ones: where the branch was mispredicted, the number is 0
	and r11, rax
	mov r10, [gs:SEALED_SYSCALL_TABLE]
	movzx r11d, byte [r10 + r11 + SYSCALL_TABLE_ROWS]
	call [r10 + r11 * 8]
.looked:
	BEGUN_AGAIN .look, .looked
	jmp [gs:CPU_LEAVE_SYSCALL]

%ifdef BULWARK_DEBUG
.stale:
	call upcall_syscall_stale
%endif

; The upper half of a number is not looked at.
.unknown:
	mov r11d, eax
	cmp r11, rax
	mov eax, eax
	jne .caught_up
	mov rax, -ENOSYS
	jmp [gs:CPU_LEAVE_SYSCALL]

; Others lag behind a flush, and can make each call do so: what it is told must not lie in memory meanwhile. ktlb_catch_up spills RBX and RBP, and
; the gate the others, on its own stack (tests/lint/elf.t). What a call does beyond its own memory, its number and first three arguments say.
.catch_up:
	mov r15, rax
	mov r12, rdi
	mov r13, rsi
	mov r14, rdx
	mov rbx, rcx
	mov rbp, r8
	call ktlb_catch_up
	mov rax, r15
	mov rdi, r12
	mov rsi, r13
	mov rdx, r14
	mov rcx, rbx
	mov r8, rbp
	mov r9, [rsp + REGS_r9]
	xor ebx, ebx
	xor ebp, ebp
	xor r12d, r12d
	xor r13d, r13d
	xor r14d, r14d
	xor r15d, r15d
	jmp .caught_up

; void syscall_regs_complete(struct regs *regs): of the current system call, for who copies them all.
global syscall_regs_complete
syscall_regs_complete:
	COMPLETE_REGS rdi
	ret

; The handler of calls that the program's policy forbids. R11D: row of the call.
global syscall_refused
syscall_refused:
	movzx edi, r11b
	jmp upcall_syscall_refused

; The handler of all calls of an attack's members: the witness looks, then the call goes on. R11D: row of the call. Another processor may
; have made it another one meanwhile: it is looked up behind that, where the program's rule leads it. Each byte is a row of every table.
global syscall_watched
syscall_watched:
	PUSH_ARGUMENTS
	push r11
	movzx edi, r11b
	call upcall_syscall_watched
	pop r11
	POP_ARGUMENTS
.look:
	mov r10, [gs:SEALED_RULE_TABLE]
	movzx eax, r11b
	jmp [r10 + rax * 8]
.looked:
	BEGUN_AGAIN .look, .looked

; Instead of leave_syscall, when there is something to do first. RSP at the struct regs, RAX the result.
global syscall_leave_slowly
syscall_leave_slowly:
	mov [rsp + REGS_rax], rax
	COMPLETE_REGS rsp
	call upcall_user_return
	jmp user_return_frame

; void user_return(struct regs *regs)
global user_return
user_return:
	mov rsp, rdi
; RSP at a struct regs.
global user_return_frame
user_return_frame:
	jmp [gs:CPU_LEAVE_TRAP]
