; Every way into the kernel and out of it: one set of stubs per variant of KAISER, all from the macros below.
;
; The text runs from its alias in the entry area, which every root maps, and is position independent within this
; section. It leaves the section only through pointers in struct cpu, which it reaches by GS once the kernel's root is
; loaded; the shadow root has neither struct cpu nor the kernel.
;
;   off     user mode runs on the kernel's root: nothing to switch
;   nopcid  flips the bit of CR3 that tells the roots of a pair apart
;   pcid    flips that of the PCID too, and keeps what the TLB holds
;
; Sources: Intel SDM vol. 2, "SYSCALL", "SYSRET"; vol. 3A, "Exception- or Interrupt-Handler Procedures",
; "Process-Context Identifiers (PCIDs)".
;
; A register that CR3 or RFLAGS is loaded from is made in the instructions just before, out of what nobody can write to, and what an NMI, #MC
; or #DB interrupts there is begun again.
;
; Invariant: C code runs on the kernel's root, with GS at this CPU's entry page, and with RFLAGS clean (IF, DF, AC, NT,
; TF, IOPL clear). User mode runs on the shadow root, unless the variant is off, and with no flag but RFLAGS_USER.
; Between the two: into the kernel GS,
; mode, root; out of it mode, root, GS.

%include "offsets.inc"
%include "arch/x86_64/entry/begun_again.inc"
%include "arch/x86_64/cpu/load_cr3.inc"

default rel
bits 64
section .entry.text progbits alloc exec nowrite align=4096
entry_text_base:

CR3_SHADOW_BIT	equ 12
CR3_SHADOW	equ 1 << CR3_SHADOW_BIT
CR3_PCID_USER	equ 1 << 11
CR3_NOFLUSH	equ 1 << CR3_NOFLUSH_BIT
ENTRY_TEXT	equ (ENTRY_TEXT_HIGH << 32) + ENTRY_TEXT_LOW

align 8
flip_nopcid:	dq CR3_SHADOW
flip_pcid:	dq CR3_SHADOW | CR3_PCID_USER | CR3_NOFLUSH

; What user mode's RFLAGS may have set, whatever was saved: in the text, which nothing can write to.
global entry_user_rflags
entry_user_rflags:	dq RFLAGS_USER

; BEGUN_AGAIN, of two labels of this text, at its place in the entry area.
%macro ENTRY_BEGUN_AGAIN 2
	BEGUN_AGAIN %1 - entry_text_base + ENTRY_TEXT, %2 - entry_text_base + ENTRY_TEXT
%endmacro

; Which registers leave_trap keeps on the entry page while it needs them.
%define LEAVING(slot)	(((slot) == 0) * REGS_rax + ((slot) == 1) * REGS_rdi + ((slot) == 2) * REGS_rsi + ((slot) == 3) * REGS_rdx)

; Nothing that could be steered is read from here on. Others may act on the mode at once, so BUILD=pcid says it before.
%macro LEAVE_KERNEL_MODE 0
%ifdef BULWARK_PCID
	mov qword [gs:TLB_PORT_STANDS], 0
%endif
	mov qword [gs:ENTRY_MODE], CPU_USER
%endmacro

; From user mode, GS switched. %1: variant; %2: a register to lose. The store of the mode, then a full barrier: docs/tlb.md.
%macro ENTER_KERNEL_ROOT 2
%ifidn %1, off
	mov %2, CPU_KERNEL
	xchg [gs:ENTRY_MODE], %2
%else
	mov qword [gs:ENTRY_MODE], CPU_KERNEL
.enter:
	mov %2, cr3
	xor %2, [flip_%1]
	LOAD_CR3 %2
.entered:
	ENTRY_BEGUN_AGAIN .enter, .entered
%endif
%endmacro

; RSP: room for a struct regs on the kernel stack, at a random place. %1: a count of twos, whose low byte walks a ring of
; 128 offsets.
%macro TAKE_KERNEL_STACK 1
	movzx esp, byte [gs:%1]
	movzx esp, word [gs:rsp + CPU_KSTACK_RING]
	add rsp, [gs:CPU_LOWEST_REGS]
	add qword [gs:%1], 2
%endmacro

; To and from the struct regs at RSP.
%macro SAVE 1-*
%rep %0
	mov [rsp + REGS_%1], %1
%rotate 1
%endrep
%endmacro

%macro RESTORE 1-*
%rep %0
	mov %1, [rsp + REGS_%1]
%rotate 1
%endrep
%endmacro

; User values in registers must not steer the kernel.
%macro CLEAR 1-*
%rep %0
	xor %1, %1
%rotate 1
%endrep
%endmacro

; The software oracle of debug builds looks at what will be loaded. Loses what C may lose, but RAX.
%macro CHECK_LEAVING 0
%ifdef BULWARK_DEBUG
	mov rbx, rax
	call [gs:CPU_ON_LEAVE]
	mov rax, rbx
%endif
%endmacro

; SYSCALL: RCX = user RIP, R11 = user RFLAGS, flags masked by SFMASK, RSP still the user's. RCX is canonical: no program
; runs on the last page below the non-canonical addresses. Only what SYSRET does not overwrite is saved;
; syscall.asm goes on, with the arguments where C wants them.
%macro SYSCALL_ENTRY 1
entry_syscall_%1:
	swapgs
	mov [gs:ENTRY_USER_RSP], rsp
	ENTER_KERNEL_ROOT %1, rsp
	TAKE_KERNEL_STACK CPU_SYSCALLS_TWICE
	mov [rsp + REGS_rflags], r11
	mov [rsp + REGS_rip], rcx
	SAVE rdi, rsi, rdx, r8, r9, r10, rbx, rbp, r12, r13, r14, r15
	CLEAR ebx, ebp, r12d, r13d, r14d, r15d
	mov rcx, r10
	jmp [gs:CPU_ON_SYSCALL]

; RSP at the struct regs, RAX the result. The frame is as SYSCALL_ENTRY left it but for registers that messages came in.
leave_syscall_%1:
	CHECK_LEAVING
	RESTORE rdi, rsi, rdx, r8, r9, r10, rbx, rbp, r12, r13, r14, r15
	mov rcx, [rsp + REGS_rip]
	mov r11, [rsp + REGS_rflags]
	LEAVE_KERNEL_MODE
%ifnidn %1, off
.load:
	mov rsp, [gs:SEALED_CURRENT]
	mov rsp, [rsp + CURRENT_EXIT_CR3]
	LOAD_CR3 rsp
.loaded:
	ENTRY_BEGUN_AGAIN .load, .loaded
%endif
	mov rsp, [gs:ENTRY_USER_RSP]
	swapgs
.mask:
	and r11, [entry_user_rflags]
	o64 sysret
.masked:
	ENTRY_BEGUN_AGAIN .mask, .masked
%endmacro

; RSP at a struct regs: to user mode with these registers; CS, SS and the flags that RFLAGS_USER lacks are no choice of
; the frame's. IRET reads its frame with the shadow root loaded. That frame is made there, from registers, on a stack that
; kernel roots map read-only: nobody else can write to it in between. With KAISER off there is but one root, and it is
; made on the entry stack.
%macro TRAP_LEAVE 1
leave_trap_%1:
	CHECK_LEAVING
%ifidn %1, off
	mov rdi, [gs:CPU_ENTRY_STACK_TOP]
%assign slot 0
%rep 5
	mov rax, [rsp + REGS_rip + slot * 8]
%if REGS_rip + slot * 8 == REGS_rflags
	and rax, [entry_user_rflags]
%endif
	mov [rdi + (slot - 5) * 8], rax
%assign slot slot + 1
%endrep
	mov rax, [rsp + REGS_rdi]
	mov [rdi - 6 * 8], rax
	RESTORE rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	lea rsp, [rdi - 6 * 8]
	LEAVE_KERNEL_MODE
	mov rdi, [rsp]
	mov qword [rsp], 0
	add rsp, 8
%else
%assign slot 0
%rep 4
	mov rax, [rsp + LEAVING(slot)]
	mov [gs:ENTRY_LEAVING + slot * 8], rax
%assign slot slot + 1
%endrep
	mov rdi, [rsp + REGS_rip]
	mov rsi, [rsp + REGS_rflags]
	mov rdx, [rsp + REGS_rsp]
	RESTORE rcx, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	mov rsp, [gs:SEALED_EXIT_STACK_TOP]
	LEAVE_KERNEL_MODE
.load:
	mov rax, [gs:SEALED_CURRENT]
	mov rax, [rax + CURRENT_EXIT_CR3]
	LOAD_CR3 rax
.loaded:
	ENTRY_BEGUN_AGAIN .load, .loaded
	push SELECTOR_USER_DATA
	push rdx
.mask:
	and rsi, [entry_user_rflags]
	push rsi
.masked:
	ENTRY_BEGUN_AGAIN .mask, .masked
	push SELECTOR_USER_CODE
	push rdi
	mov rax, [gs:ENTRY_LEAVING]
	mov rdi, [gs:ENTRY_LEAVING + 8]
	mov rsi, [gs:ENTRY_LEAVING + 16]
	mov rdx, [gs:ENTRY_LEAVING + 24]
%assign slot 0
%rep 4
	mov qword [gs:ENTRY_LEAVING + slot * 8], 0
%assign slot slot + 1
%endrep
%endif
	swapgs
iret_%1:
	iretq
%endmacro

; Vector stubs leave: vector, error, rip, cs, rflags, rsp, ss. A trap from user mode moves to the kernel stack, and leaves
; nothing behind that the program could have chosen: every root maps the page.
FAULT_WORDS	equ 7
FROM_CS		equ 3 * 8
FROM_RIP	equ 2 * 8
FROM_RSP	equ 5 * 8

%macro TRAP_ENTRY 1
trap_%1:
	test byte [rsp + FROM_CS], 3
	jz trap_from_kernel_%1
trap_from_user_%1:
	swapgs
	push rdi
	ENTER_KERNEL_ROOT %1, rdi
	mov rdi, rsp
	TAKE_KERNEL_STACK CPU_TRAPS_TWICE
	SAVE rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	mov rax, [rdi]
	mov [rsp + REGS_rdi], rax
%assign slot 0
%rep 7
	mov rax, [rdi + 8 + slot * 8]
	mov [rsp + REGS_vector + slot * 8], rax
%assign slot slot + 1
%endrep
	xor eax, eax
	mov [rdi], rax
	mov [rdi + 8 + FROM_RIP], rax
	mov [rdi + 8 + FROM_RSP], rax
	; the frame's place is a multiple of 16 below a page boundary, so RSP is as C wants it
	mov rdi, rsp
	push 2
	popfq
	CLEAR esi, edx, ecx, eax, r8d, r9d, r10d, r11d, ebx, ebp, r12d, r13d, r14d, r15d
	call [gs:CPU_ON_USER_TRAP]
	jmp [gs:CPU_LEAVE_TRAP]

trap_from_kernel_%1:
	; IRET to user mode itself may fault, with the user's GS and root loaded already: the process did it
	push rax
	lea rax, [iret_%1]
	cmp [rsp + 8 + FROM_RIP], rax
	pop rax
%ifidn %1, off
	je trap_from_user_%1
	jmp trap_from_kernel
%else
	jne trap_from_kernel
	; what the processor pushed is on the exit stack, and the kernel's root has that read-only: it moves to the entry stack
	push rax
	push rcx
	mov rcx, rsp
	and rcx, -PAGE_SIZE
	sub rcx, EXIT_TO_ENTRY_STACK + FAULT_WORDS * 8
%assign slot 0
%rep FAULT_WORDS
	mov rax, [rsp + 16 + slot * 8]
	mov [rcx + slot * 8], rax
%assign slot slot + 1
%endrep
	mov rax, [rsp]
	mov [rcx - 8], rax
	mov rax, [rsp + 8]
	lea rsp, [rcx - 8]
	pop rcx
	jmp trap_from_user_%1
%endif
%endmacro

%macro PUSH_REGISTERS_BUT_RDI_TO_RAX 0
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
	RESTORE rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	add rsp, REGS_rip
	iretq
%endmacro

; From ring 0 and no place in this file: on the kernel's root, with its GS.
trap_from_kernel:
	push rdi
	push rsi
	push rdx
	push rcx
	push rax
	PUSH_REGISTERS_BUT_RDI_TO_RAX
	push 2
	popfq
	mov rdi, rsp
	xor ebp, ebp
	mov rbx, rsp
	and rsp, ~15
	call [gs:CPU_ON_KERNEL_TRAP]
	mov rsp, rbx
	POP_REGISTERS_AND_RETURN

%include "arch/x86_64/entry/entry_paranoid.inc"

; Vectors that push an error code: #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX
%define HAS_ERROR(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 || (v) == 29 || (v) == 30)
%define IS_PARANOID(v) ((v) == 1 || (v) == 2 || (v) == 8 || (v) == 18)

%macro VECTOR_STUBS 1
%assign v 0
%rep 256
align 16
stub_%1_%[v]:
%if !HAS_ERROR(v)
	push 0
%endif
	push v
%if IS_PARANOID(v)
	jmp paranoid_%1
%else
	jmp trap_%1
%endif
%assign v v + 1
%endrep
%endmacro

%macro ENTRY_SET 1
global entry_set_%1_end
align 16
	SYSCALL_ENTRY %1
	TRAP_LEAVE %1
	TRAP_ENTRY %1
	PARANOID_ENTRY %1
	VECTOR_STUBS %1
entry_set_%1_end:
%endmacro

	ENTRY_SET off
	ENTRY_SET nopcid
	ENTRY_SET pcid

; struct entry_set: offsets from the first byte of the text
%macro ENTRY_SET_ROW 1
	dd entry_syscall_%1 - entry_text_base
	dd leave_syscall_%1 - entry_text_base
	dd leave_trap_%1 - entry_text_base
%assign v 0
%rep 256
	dd stub_%1_%[v] - entry_text_base
%assign v v + 1
%endrep
%endmacro

section .rodata progbits alloc noexec nowrite align=4
global entry_sets
entry_sets:			; by enum option_kaiser
	ENTRY_SET_ROW off
	ENTRY_SET_ROW nopcid
	ENTRY_SET_ROW pcid
