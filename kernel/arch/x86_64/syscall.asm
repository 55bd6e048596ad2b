; A system call once the kernel's root is loaded: from the entry code to the handler and back. The handlers are C
; functions that take the call's arguments in the registers where the program put them.

%include "offsets.inc"

default rel
bits 64
section .text

extern upcall_budget_call, ktlb_newest, ktlb_catch_up, syscall_handlers_with_regs, upcall_syscall_refused, upcall_syscall_watched, upcall_user_return, upcall_syscall_stale

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

; RAX number, arguments in RDI RSI RDX RCX R8 R9, RSP at the struct regs.
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
	cmp rax, NR_SYSCALL_NUMBERS
	jae .unknown
	sbb r11, r11			; all ones: where the branch was mispredicted, the number is 0
	and rax, r11
	mov r10, [gs:SEALED_SYSCALL_TABLE]
	movzx eax, byte [r10 + rax + SYSCALL_TABLE_ROWS]
	call [r10 + rax * 8]
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

.catch_up:
	mov rbx, rax
	mov rbp, rcx
	mov r12, r8
	mov r13, r9
	call ktlb_catch_up
	mov rax, rbx
	mov rcx, rbp
	mov r8, r12
	mov r9, r13
	mov rdi, [rsp + REGS_rdi]
	mov rsi, [rsp + REGS_rsi]
	mov rdx, [rsp + REGS_rdx]
	xor ebx, ebx
	xor ebp, ebp
	xor r12d, r12d
	xor r13d, r13d
	jmp .caught_up

; The handler of calls that look at the user's registers, which are as SYSCALL_ENTRY left them. EAX: row of the call.
global syscall_with_regs
syscall_with_regs:
	lea rdi, [rsp + 8]
	lea r10, [syscall_handlers_with_regs]
	jmp [r10 + rax * 8]

; void syscall_regs_complete(struct regs *regs): of the current system call, for who copies them all.
global syscall_regs_complete
syscall_regs_complete:
	COMPLETE_REGS rdi
	ret

; The handler of calls that the program's policy forbids. EAX: row of the call.
global syscall_refused
syscall_refused:
	mov edi, eax
	jmp upcall_syscall_refused

; The handler of all calls of an attack's members: the witness looks, then the call goes on. EAX: row of the call. Another processor may
; have made it another one meanwhile: it is looked up behind that, where the program's rule leads it.
global syscall_watched
syscall_watched:
	PUSH_ARGUMENTS
	push rax
	mov edi, eax
	call upcall_syscall_watched
	pop rax
	POP_ARGUMENTS
	cmp rax, SYSCALL_ROWS
	sbb r11, r11
	and rax, r11
	mov r11, [gs:SEALED_RULE_TABLE]
	jmp [r11 + rax * 8]

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
