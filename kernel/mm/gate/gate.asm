; The ways into the gate, one for each value of ptprot: gate_way of enter.h. R9D: the operation; its four words come in RDI, RSI, RDX, R8.
;
; Invariant: while protected memory can be written, RSP lies in this processor's gate stack, which nobody else can write
; to, and what the operation keeps lies there or in registers. RSP is the first to come and the last to go.
;
; Sources: Intel SDM vol. 3A, "Protection Keys for Supervisor-Mode Pages", "Access Rights"; vol. 2, "WRMSR".

%include "offsets.inc"
%include "arch/x86_64/load_cr3.inc"

default rel
bits 64
section .text

extern gate_operations

CR0_WP		equ 1 << 16

; With RSP a multiple of 16 and the words in place. RAX: the result.
%macro CALL_OPERATION 0
	cmp r9d, NR_GATE_OPERATIONS
	jae no_operation
	mov r9d, r9d
	mov rcx, r8
	lea r11, [gate_operations]
	call [r11 + r9 * 8]
%endmacro

; RSP back where it was, in R10.
%macro RETURN 0
	mov rsp, r10
	ret
%endmacro

global gate_enter_off
gate_enter_off:
	push rbp
	mov rbp, rsp
	CALL_OPERATION
	pop rbp
	ret

no_operation:
	ud2

global gate_enter_wp
gate_enter_wp:
	mov r10, rsp
	mov rsp, [gs:SEALED_GATE_STACK]
	mov rax, cr0
	and rax, ~CR0_WP
	mov cr0, rax
	push r10
	push r10
	CALL_OPERATION
	pop r10
	pop r10
	mov rcx, cr0
	or rcx, CR0_WP
	mov cr0, rcx
	RETURN

global gate_enter_pks
gate_enter_pks:
	mov r10, rsp
	mov rsp, [gs:SEALED_GATE_STACK]
	mov r11, rdx
	mov ecx, MSR_PKRS
	xor eax, eax
	xor edx, edx
	wrmsr
	mov rdx, r11
	push r10
	push r10
	CALL_OPERATION
	pop r10
	pop r10
	mov r11, rax
	mov ecx, MSR_PKRS
	mov eax, PKRS_CLOSED
	xor edx, edx
	wrmsr
	mov rax, r11
	RETURN

; The stack's address is mapped in the gate's root alone: nothing is pushed before.
global gate_enter_window
gate_enter_window:
	mov r10, rsp
	mov rsp, [gs:SEALED_GATE_STACK]
	mov rax, cr3
	mov r11, [gs:SEALED_GATE_CR3]
	LOAD_CR3 r11
	push rax
	push r10
	CALL_OPERATION
	pop r10
	pop rcx
	or rcx, [gs:SEALED_GATE_NOFLUSH]
	LOAD_CR3 rcx
	RETURN
