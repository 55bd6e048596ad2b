; The ways into the gate, one for each value of ptprot, and one more for switches: gate_way of enter.h. R9D: the operation; its four words come in
; RDI, RSI, RDX, R8.
;
; Invariant: while the gate's IDT is loaded, protected memory can be written, and RSP lies in this processor's gate stack, which
; nobody else can write to; what the operation keeps lies there or in registers. What interrupts it saves them there
; (interrupted.asm).
;
;   .open     protected memory is opened, the stack is taken, and last the gate's IDT
;   .opened   the operation
;   .close    the caller's IDT is loaded; protected memory is closed
;   .closed   RSP goes back
;
; From .open to .opened and from .close to .closed what is interrupted is begun again. The four words are guesses there, and the result
; is the caller's.
;
; Sources: Intel SDM vol. 3A, "Protection Keys for Supervisor-Mode Pages", "Access Rights", "Stack Switching"; vol. 2, "WRMSR".

%include "offsets.inc"
%include "arch/x86_64/entry/begun_again.inc"
%include "arch/x86_64/cpu/load_cr3.inc"
%include "mm/gate/gate.inc"

default rel
bits 64
section .text

extern gate_operations, gate_idtr, gate_switch, switch_openly

; With RSP a multiple of 16 and the words in place. RAX: the result.
%macro CALL_OPERATION 0
	cmp r9d, NR_GATE_OPERATIONS
	jae no_operation
	mov r9d, r9d
	mov rcx, r8
	lea r11, [gate_operations]
	call [r11 + r9 * 8]
%endmacro

; The one of every switch, which needs neither the table nor a fourth word.
%macro CALL_SWITCH 0
	call gate_switch
%endmacro

; The last of .open. R10: the caller's RSP; %1, with window: what was loaded.
%macro TAKE_STACK 0-1
	mov rsp, [gs:SEALED_GATE_STACK]
	sub rsp, GATE_TOP_BYTES
	mov [rsp + GATE_TOP_BYTES - GATE_CALLER], r10
%if %0
	mov [rsp + GATE_TOP_BYTES - GATE_LOADED], %1
%endif
	sidt [rsp + GATE_TOP_BYTES - GATE_IDTR]
	lidt [gate_idtr]
%endmacro

; The last before .close.
%macro LEAVE_STACK 0
	mov r10, [rsp + GATE_TOP_BYTES - GATE_CALLER]
	lidt [rsp + GATE_TOP_BYTES - GATE_IDTR]
%endmacro

; RSP back where it was, in R10.
%macro RETURN 0
	mov rsp, r10
	ret
%endmacro

global gate_enter_off, gate_switch_off
gate_enter_off:
	push rbp
	mov rbp, rsp
	CALL_OPERATION
	pop rbp
	ret

gate_switch_off:
	jmp switch_openly

no_operation:
	ud2

; %1: the name of the way; %2: the macro that calls its operation.
%macro WAY_WP 2
global %1
%1:
	mov r10, rsp
.open:
	mov rax, cr0
	and rax, ~CR0_WP
	mov cr0, rax
	TAKE_STACK
.opened:
	%2
	LEAVE_STACK
.close:
	mov rcx, cr0
	or rcx, CR0_WP
	mov cr0, rcx
.closed:
	RETURN
	BEGUN_AGAIN .open, .opened
	BEGUN_AGAIN .close, .closed
%endmacro

%macro WAY_PKS 2
global %1
%1:
	mov r10, rsp
	mov r11, rdx
.open:
	mov ecx, MSR_PKRS
	xor eax, eax
	xor edx, edx
	wrmsr
	TAKE_STACK
.opened:
	mov rdx, r11
	%2
	mov r11, rax
	LEAVE_STACK
.close:
	mov ecx, MSR_PKRS
	mov eax, PKRS_CLOSED
	xor edx, edx
	wrmsr
.closed:
	mov rax, r11
	RETURN
	BEGUN_AGAIN .open, .opened
	BEGUN_AGAIN .close, .closed
%endmacro

; DR0, which nothing else uses, has the caller's root while no memory may: before the stack can be written, and after.
%macro WAY_WINDOW 2
global %1
%1:
	mov r10, rsp
.note:
	mov rax, cr3
	mov dr0, rax
.open:
	mov r11, [gs:SEALED_GATE_CR3]
	LOAD_CR3 r11
	mov r11, dr0
	TAKE_STACK r11
.opened:
	%2
	mov rcx, [rsp + GATE_TOP_BYTES - GATE_LOADED]
	mov dr0, rcx
	LEAVE_STACK
.close:
	mov rcx, dr0
	or rcx, [gs:SEALED_GATE_NOFLUSH]
	LOAD_CR3 rcx
.closed:
	RETURN
	BEGUN_AGAIN .note, .open
	BEGUN_AGAIN .open, .opened
	BEGUN_AGAIN .close, .closed
%endmacro

	WAY_WP gate_enter_wp, CALL_OPERATION
	WAY_WP gate_switch_wp, CALL_SWITCH
	WAY_PKS gate_enter_pks, CALL_OPERATION
	WAY_PKS gate_switch_pks, CALL_SWITCH
	WAY_WINDOW gate_enter_window, CALL_OPERATION
	WAY_WINDOW gate_switch_window, CALL_SWITCH
