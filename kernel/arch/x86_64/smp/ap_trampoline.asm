; Where the other processors start: copied to AP_START_PA, entered in real mode. Through protected mode into long mode on
; the boot tables, which map the first 4 GiB one to one and the image; there to the kernel's own root and to `entry`.
; Source: Intel SDM vol. 3A, "Initializing IA-32e Mode".

AP_START_PA	equ 0x8000
%define AT(label)	(AP_START_PA + (label) - ap_trampoline_start)
MSR_EFER	equ 0xc0000080
MSR_GS_BASE	equ 0xc0000101

section .rodata progbits alloc noexec nowrite align=16
global ap_trampoline_start, ap_trampoline_end
bits 16
ap_trampoline_start:
	cli
	cld
	xor ax, ax
	mov ds, ax
	lgdt [AT(gdt_pointer)]
	mov eax, cr0
	or eax, 1
	mov cr0, eax
	jmp dword 8:AT(protected)

bits 32
protected:
	mov ax, 16
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov eax, 1 << 5			; PAE, and nothing that the firmware left, such as LA57
	mov cr4, eax
	mov eax, [AT(boot_root)]
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, 1 << 8			; LME
	cmp dword [AT(has_nx)], 0
	je .efer
	or eax, 1 << 11			; NXE
.efer:
	wrmsr
	mov eax, cr0
	and eax, ~(1 << 2 | 1 << 3 | 1 << 29 | 1 << 30)	; EM, TS, NW, CD
	or eax, 1 << 31 | 1 << 16 | 1 << 5 | 1 << 1		; PG, WP, NE, MP
	mov cr0, eax
	jmp 24:AT(long_mode)

bits 64
long_mode:
	xor eax, eax
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov fs, eax
	mov gs, eax
	mov rsp, [AT(stack_top)]
	mov rdi, [AT(gs_base)]
	mov rsi, [AT(kernel_root)]
	mov rbx, [AT(entry)]
	jmp [AT(in_image)]

align 8
gdt:	dq 0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00af9a000000ffff
gdt_pointer:
	dw 31
	dd AT(gdt)

align 8
; struct ap_parameters
stack_top:	dq 0
gs_base:	dq 0
kernel_root:	dq 0
entry:		dq 0
in_image:	dq 0
boot_root:	dd 0
has_nx:		dd 0
ap_trampoline_end:

; In the image, which both roots map: from the boot tables to the kernel's root, where stack and entry page are.
; RSP stack, RDI GS base, RSI root, RBX where to go.
section .text
global ap_in_image
ap_in_image:
	mov cr3, rsi
	mov eax, edi
	mov rdx, rdi
	shr rdx, 32
	mov ecx, MSR_GS_BASE
	wrmsr
	xor ebp, ebp
	push rbp			; ends backtraces
	jmp rbx
