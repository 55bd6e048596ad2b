; What arrives in the gate, and from ring 0 anywhere else: docs/gate.md, "Interrupted". An NMI, #MC or #DB may come at any
; instruction; all else in the gate is an error of its own.
;
; Invariant: while the gate's IDT is loaded, protected memory can be written and RSP lies in this processor's gate stack. A handler
; runs with protected memory closed and on a root that shows no window, and the gate goes on with registers that no ordinary
; memory held.
;
; No word in memory says what was interrupted, as another processor may have rewritten it. The processor's registers say it:
;
;   by the gate's IDT        The processor pushes its frame on the gate's stack, and a stub the registers and CR3. The handler
;                            gets a copy, and runs on the kernel root with the caller's IDT.
;   by another, PKRS or      From .open to .opened, or .close to .closed (gate.asm, and below). Memory is closed and not opened
;   CR0.WP open              again: the first of these instructions is where it goes on, whatever the saved registers say.
;   by another, CR3 the      The same; or mm/frame/window.c has the window open, with registers as ordinary as all others of the
;   window's                 kernel: it gets the root that this processor's sealed page names.
;
; RIP, a saved word, decides only where to begin again, never whether to close.

%include "offsets.inc"
%include "arch/x86_64/entry/begun_again.inc"
%include "arch/x86_64/cpu/load_cr3.inc"
%include "mm/gate/gate.inc"

CR3_NOT_ROOT_LOW	equ 12
CR3_NOT_ROOT_HIGH	equ 1

default rel
bits 64
section .text

extern gate_in_force, gate_idtr, kernel_root, upcall_gate_fault, trap_from_kernel_handle
extern gate_ranges_start, gate_ranges_end

; Loses RAX, RCX, RDX. CR3 is left to who knows which one comes next.
%macro CLOSE_RIGHTS 0
	cmp dword [gate_in_force], PTPROT_pks
	je %%pks
	mov rax, cr0
	bts rax, 16
	jc %%closed
	mov cr0, rax
	jmp %%closed
%%pks:
	mov ecx, MSR_PKRS
	rdmsr
	cmp eax, PKRS_CLOSED
	je %%closed
	mov eax, PKRS_CLOSED
	xor edx, edx
	wrmsr
%%closed:
%endmacro

; Loses RAX, RCX, RDX.
%macro OPEN_RIGHTS 0
	cmp dword [gate_in_force], PTPROT_pks
	je %%pks
	cmp dword [gate_in_force], PTPROT_window
	je %%window
	mov rax, cr0
	and rax, ~CR0_WP
	mov cr0, rax
	jmp %%open
%%pks:
	mov ecx, MSR_PKRS
	xor eax, eax
	xor edx, edx
	wrmsr
	jmp %%open
%%window:
	mov rax, [gs:SEALED_GATE_CR3]
	LOAD_CR3 rax
%%open:
%endmacro

%macro LOAD_KERNEL_ROOT 0
	mov eax, [kernel_root]
	shl rax, 12
	LOAD_CR3 rax
%endmacro

; A struct regs below RSP, from the vector down.
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

%macro POP_REGISTERS_AND_RETURN 0
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

; By the gate's IDT. RSP: behind the processor's frame, the error code and the vector. %1: from the top of the exit stack down to that of the
; stack for this vector's handlers. What was kept before is kept behind this, as these vectors may interrupt one another.
%macro KEEP_AND_CLOSE 1
	PUSH_REGISTERS
	push 2
	popfq
	mov rsi, rsp
	mov rax, cr3
	push rax
	mov rdx, [gs:SEALED_GATE_STACK]
	push qword [rdx - GATE_KEPT]
	mov [rdx - GATE_KEPT], rsp
	mov rdi, [gs:SEALED_EXIT_STACK_TOP]
	sub rdi, %1 + REGS_BYTES
	mov ecx, REGS_BYTES / 8
	rep movsq
	lidt [rdx - GATE_IDTR]
.close:
	CLOSE_RIGHTS
	LOAD_KERNEL_ROOT
.closed:
	mov rdi, [gs:SEALED_EXIT_STACK_TOP]
	sub rdi, %1 + REGS_BYTES
	mov rsp, rdi
	xor ebp, ebp
	BEGUN_AGAIN .close, .closed
%endmacro

; From what was kept, which is this vector's again. GATE_WITHOUT=nmi: from the handler's copy.
%macro OPEN_AND_GO_ON 1
.open:
	OPEN_RIGHTS
	mov rdx, [gs:SEALED_GATE_STACK]
%ifdef GATE_WITHOUT_nmi
	mov rsi, [gs:SEALED_EXIT_STACK_TOP]
	sub rsi, %1 + REGS_BYTES
	mov rdi, [rdx - GATE_KEPT]
	add rdi, 2 * 8
	mov ecx, REGS_BYTES / 8
	rep movsq
%endif
	mov rsp, [rdx - GATE_KEPT]
	lidt [gate_idtr]
.opened:
	pop qword [rdx - GATE_KEPT]
	pop rax
	or rax, [gs:SEALED_GATE_NOFLUSH]
	LOAD_CR3 rax
	POP_REGISTERS_AND_RETURN
	BEGUN_AGAIN .open, .opened
%endmacro

%macro INTERRUPTED 1
	KEEP_AND_CLOSE %1
	call trap_from_kernel_handle
	OPEN_AND_GO_ON %1
%endmacro

gate_nmi:
	INTERRUPTED EXIT_TO_NMI_HANDLER
gate_machine_check:
	INTERRUPTED EXIT_TO_MC_HANDLER
gate_debug:
	INTERRUPTED EXIT_TO_DB_HANDLER
gate_fault:
	KEEP_AND_CLOSE EXIT_TO_DF_HANDLER
	call upcall_gate_fault

; #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX push an error code.
%define HAS_ERROR(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 || (v) == 29 || (v) == 30)

; GATE_STUB_BYTES each, by vector: begin.c makes the gate's IDT of them.
align 16
global gate_stubs
gate_stubs:
%assign v 0
%rep GATE_NR_VECTORS
align GATE_STUB_BYTES
%if !HAS_ERROR(v)
	push 0
%endif
	push v
%if v == VECTOR_NMI
	jmp gate_nmi
%elif v == VECTOR_MACHINE_CHECK
	jmp gate_machine_check
%elif v == VECTOR_DEBUG
	jmp gate_debug
%else
	jmp gate_fault
%endif
%assign v v + 1
%endrep

; void gate_paranoid_trap(struct regs *regs): where the entry code goes with an NMI, #MC or #DB from ring 0, by the kernel's own IDTs.
; No other vector arrives in what is begun again.
global gate_paranoid_trap
gate_paranoid_trap:
	cmp dword [gate_in_force], PTPROT_off
	je trap_from_kernel_handle
	mov rax, [rdi + REGS_rip]
	lea rsi, [gate_ranges_start]
	lea rcx, [gate_ranges_end]
.next:
	cmp rax, [rsi]
	jb .not_there
	cmp rax, [rsi + 8]
	jb .begin_again
.not_there:
	add rsi, 16
	cmp rsi, rcx
	jb .next
	xor esi, esi
	jmp gate_kernel_trap.close
.begin_again:
	mov rax, [rsi]
	mov [rdi + REGS_rip], rax
	jmp gate_kernel_trap.close

; void gate_kernel_trap(struct regs *regs): and with every other trap from ring 0.
global gate_kernel_trap
gate_kernel_trap:
	cmp dword [gate_in_force], PTPROT_off
	je trap_from_kernel_handle
	xor esi, esi
; RSI: 0 if nothing is begun again, which closes what it finds open
.close:
	CLOSE_RIGHTS
	mov rax, cr3
	xor rax, [gs:SEALED_GATE_CR3]
	shl rax, CR3_NOT_ROOT_HIGH		; neither PCID nor NOFLUSH tell roots apart
	shr rax, CR3_NOT_ROOT_HIGH + CR3_NOT_ROOT_LOW
	jnz trap_from_kernel_handle
	LOAD_KERNEL_ROOT
.closed:
	BEGUN_AGAIN .close, .closed
	test rsi, rsi
	jnz trap_from_kernel_handle
	sub rsp, 8
	call trap_from_kernel_handle
.open:
	mov rax, [gs:SEALED_GATE_CR3]
	LOAD_CR3 rax
.opened:
	BEGUN_AGAIN .open, .opened
	add rsp, 8
	ret
