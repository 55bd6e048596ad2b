; What arrives in the middle of the gate: an NMI, #MC or #DB. All that the processor had in hand is kept in protected memory,
; protected memory is closed, and the handler runs as ever; the gate goes on with what was kept, and with nothing that lay on
; a stack meanwhile. Anything else there is an error of the gate's own.
;
; Invariant (gate.asm): RSP lies in the gate's stack wherever protected memory may be open. Whether it was is kept, too: RSP is
; the first to come and the last to go.

%include "offsets.inc"
%include "arch/x86_64/load_cr3.inc"

default rel
bits 64
section .text

extern gate_in_force, gate_stacks, gate_distance, kernel_root, upcall_gate_fault, trap_from_kernel_handle

CR0_WP		equ 1 << 16
AREA_BYTES	equ 256
AREA_RIGHTS	equ REGS_BYTES

; What RBX holds, kept in an area; EDX: the rights.
%macro KEEP 1
	mov rdi, [gs:SEALED_GATE_STACK]
	add rdi, %1 * AREA_BYTES
	mov [rdi + AREA_RIGHTS], rdx
	mov rsi, rbx
	mov ecx, REGS_BYTES / 8
	rep movsq
%endmacro

%macro HANDLE 0
	mov rdi, rbx
	call trap_from_kernel_handle
%endmacro

; From the area on, which everybody may read.
%macro GO_ON 0
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
	add rsp, 16			; vector, error code
	iretq
%endmacro

; %1: the area, one for each of these vectors, as they may interrupt one another.
%macro INTERRUPTED 1
	sub rsp, 8			; a multiple of 16 for C
	mov rbx, rdi
	cmp dword [gate_in_force], PTPROT_pks
	je .pks
	cmp dword [gate_in_force], PTPROT_window
	je .window
	mov rdx, cr0
	mov rax, rdx
	and rax, ~CR0_WP
	mov cr0, rax
	KEEP %1
	mov rax, cr0
	or rax, CR0_WP
	mov cr0, rax
	HANDLE
	mov rsp, [gs:SEALED_GATE_STACK]
	add rsp, %1 * AREA_BYTES
	mov rax, [rsp + AREA_RIGHTS]
	mov cr0, rax
	GO_ON
.pks:
	mov ecx, MSR_PKRS
	rdmsr
	mov r12d, eax
	xor eax, eax
	xor edx, edx
	wrmsr
	mov edx, r12d
	KEEP %1
	mov ecx, MSR_PKRS
	mov eax, PKRS_CLOSED
	xor edx, edx
	wrmsr
	HANDLE
	mov rsp, [gs:SEALED_GATE_STACK]
	add rsp, %1 * AREA_BYTES
	mov ecx, MSR_PKRS
	mov eax, [rsp + AREA_RIGHTS]
	xor edx, edx
	wrmsr
	GO_ON
.window:
	mov rdx, cr3
	mov rax, [gs:SEALED_GATE_CR3]
	LOAD_CR3 rax
	KEEP %1
	mov eax, [kernel_root]
	shl rax, 12
	LOAD_CR3 rax
	HANDLE
	mov rsp, [gs:SEALED_GATE_STACK]
	sub rsp, [gate_distance]	; where every root has it
	add rsp, %1 * AREA_BYTES
	mov rax, [rsp + AREA_RIGHTS]
	or rax, [gs:SEALED_GATE_NOFLUSH]
	LOAD_CR3 rax
	GO_ON
%endmacro

; void gate_kernel_trap(struct regs *regs): where the entry code goes with every trap from ring 0.
global gate_kernel_trap
gate_kernel_trap:
	mov rax, [rdi + REGS_rsp]
	sub rax, [gate_stacks]
	cmp rax, [gate_stacks + 8]
	jae trap_from_kernel_handle
	cmp qword [rdi + REGS_vector], VECTOR_NMI
	je in_nmi
	cmp qword [rdi + REGS_vector], VECTOR_MACHINE_CHECK
	je in_machine_check
	cmp qword [rdi + REGS_vector], VECTOR_DEBUG
	je in_debug
	jmp upcall_gate_fault

in_nmi:
	INTERRUPTED 0
in_machine_check:
	INTERRUPTED 1
in_debug:
	INTERRUPTED 2
