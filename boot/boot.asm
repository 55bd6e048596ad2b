; From the loader's 32-bit protected mode to the first C line in the higher half, with the image mapped as it stays:
; text RX, rodata R, data RW NX. Never returns. Runs at its load address, and so does image_place, which says where
; the image goes; every address is computed from `layout`, which linker.ld puts in front of this section. Two entries:
; Multiboot2 (GRUB) and PVH (QEMU's -kernel), which differ in nothing but how the boot information is laid out. A third
; way leads here from a kernel that runs: boot_again.
; Sources: Multiboot2 specification, "Machine state"; Xen, "x86/HVM direct boot ABI"; Intel SDM vol. 3A, "Initializing
; IA-32e Mode".

LOAD_BASE	equ 0x100000
LAYOUT_BYTES	equ 64
%define LOADED(label)	(LOAD_BASE + LAYOUT_BYTES + (label) - boot_start)

; struct layout: offsets from the image's first byte
LAYOUT_LINK_BASE	equ LOAD_BASE + 0
LAYOUT_TEXT_END		equ LOAD_BASE + 8
LAYOUT_RODATA_END	equ LOAD_BASE + 12
LAYOUT_IMAGE_END	equ LOAD_BASE + 16
LAYOUT_RELA_START	equ LOAD_BASE + 20
LAYOUT_RELA_END		equ LOAD_BASE + 24
LAYOUT_TABLES		equ LOAD_BASE + 28
LAYOUT_STACK_TOP	equ LOAD_BASE + 32
LAYOUT_KERNEL_MAIN	equ LOAD_BASE + 36
LAYOUT_IMAGE_PLACE	equ LOAD_BASE + 40
LAYOUT_DATA_END		equ LOAD_BASE + 44	; .data begins at RODATA_END; here begins .bss
LAYOUT_IMAGE_BASE	equ LOAD_BASE + 48	; written here: where the image runs
LAYOUT_BSS_END		equ LOAD_BASE + 56
LAYOUT_KEPT_DATA	equ LOAD_BASE + 60	; a copy of .data, as it was loaded

; boot_tables
TABLE_PML4		equ 0x0000
TABLE_LOW_PDPT		equ 0x1000	; identity map of the first 4 GiB
TABLE_LOW_PD		equ 0x2000	; four pages
TABLE_IMAGE_PDPT	equ 0x6000
TABLE_IMAGE_PD		equ 0x7000	; two pages: the last 2 GiB, 1024 entries in a row
TABLE_IMAGE_PT		equ 0x9000	; five pages, what an image of 8 MiB touches wherever it begins
NR_TABLES		equ 14
IMAGE_MAX		equ 4 * 512 * 4096

PRESENT		equ 1
WRITABLE	equ 2
HUGE		equ 0x80

; enum loader; boot/loader.h
LOADER_MULTIBOOT2 equ 0x36d76289
LOADER_PVH	equ 0x336ec578
LOADER_AGAIN	equ 0x6e696167
ELFNOTE_PHYS32_ENTRY equ 18	; Xen, public/elfnote.h
MSR_EFER	equ 0xc0000080
COM1		equ 0x3f8
COM2		equ 0x2f8
EXIT_STATUS_PANIC equ 124	; kernel/core/panic.c; the messages say it, too
R_X86_64_RELATIVE equ 8

section .boot progbits alloc exec nowrite align=16
bits 32
boot_start:

align 8
multiboot_header:
	dd 0xe85250d6, 0, multiboot_header_end - multiboot_header
	dd -(0xe85250d6 + 0 + (multiboot_header_end - multiboot_header))
	; entry address
	dw 3, 0
	dd 12, LOADED(boot_entry_32), 0
	; framebuffer, optional, any size and depth
	dw 5, 1
	dd 20, 0, 0, 0, 0
	; modules on page boundaries
	dw 6, 0
	dd 8
	; end
	dw 0, 0
	dd 8
multiboot_header_end:

; EBX: the start information; EAX: nothing.
boot_entry_pvh:
	cli
	cld
	mov eax, LOADER_PVH
	jmp boot_entry_32.known

; EBX: the boot information; EAX: the loader's magic number.
global boot_entry
boot_entry:
boot_entry_32:
	cli
	cld
	mov esi, LOADED(message_loader)
	cmp eax, LOADER_MULTIBOOT2
	jne boot_refuse
.known:
	mov [LOADED(saved_loader)], eax
	mov [LOADED(saved_info)], ebx
	mov esp, LOAD_BASE
	add esp, [LAYOUT_STACK_TOP]
	rdtsc
	mov [LOADED(boot_tsc)], eax
	mov [LOADED(boot_tsc) + 4], edx
	call keep_data

	mov eax, 0x80000000
	cpuid
	mov esi, LOADED(message_long_mode)
	cmp eax, 0x80000001
	jb boot_refuse
	mov eax, 0x80000001
	cpuid
	bt edx, 29
	jnc boot_refuse
	; NX, where the CPU has it: the upper half of the entries that want it
	xor ebp, ebp
	bt edx, 20
	jnc .no_nx
	mov ebp, 0x80000000
.no_nx:
	mov esi, LOADED(message_image)
	cmp dword [LAYOUT_IMAGE_END], IMAGE_MAX
	ja boot_refuse

	call build_tables

	mov eax, 1 << 5			; PAE, and nothing that the firmware left, such as LA57
	mov cr4, eax
	mov eax, LOAD_BASE
	add eax, [LAYOUT_TABLES]
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, 1 << 8			; LME
	test ebp, ebp
	jz .efer
	or eax, 1 << 11			; NXE
.efer:
	wrmsr
	mov eax, cr0
	and eax, ~(1 << 2 | 1 << 3 | 1 << 29 | 1 << 30)	; EM, TS, NW, CD
	or eax, 1 << 31 | 1 << 16 | 1 << 5 | 1 << 1		; PG, WP, NE, MP
	mov cr0, eax
	lgdt [LOADED(gdt_pointer)]
	jmp 8:LOADED(boot_64)

; At the first boot, keeps what .data holds; at a later one, gives that back, and zeroes .bss but for the stack in use.
keep_data:
	mov esi, LOAD_BASE
	mov edi, esi
	add esi, [LAYOUT_RODATA_END]
	add edi, [LAYOUT_KEPT_DATA]
	mov ecx, [LAYOUT_DATA_END]
	sub ecx, [LAYOUT_RODATA_END]
	cmp dword [LOADED(saved_loader)], LOADER_AGAIN
	jne .copy
	xchg esi, edi
	rep movsb
	; EDI: .bss
	pop edx				; the return address lies in it
	mov ecx, [LAYOUT_BSS_END]
	sub ecx, [LAYOUT_DATA_END]
	xor eax, eax
	rep stosb
	jmp edx
.copy:
	rep movsb
	ret

; Fills boot_tables, which is zero. EBP: upper half of a no-execute entry.
build_tables:
	mov edi, LOAD_BASE
	add edi, [LAYOUT_TABLES]
	lea eax, [edi + TABLE_LOW_PDPT + (PRESENT | WRITABLE)]
	mov [edi + TABLE_PML4], eax
	lea eax, [edi + TABLE_IMAGE_PDPT + (PRESENT | WRITABLE)]
	mov [edi + TABLE_PML4 + 511 * 8], eax
	lea eax, [edi + TABLE_IMAGE_PD + (PRESENT | WRITABLE)]
	mov [edi + TABLE_IMAGE_PDPT + 510 * 8], eax
	add eax, 4096
	mov [edi + TABLE_IMAGE_PDPT + 511 * 8], eax

	; four page directories: 4 GiB, identity; executable only where the image's text lies
	mov edx, [LAYOUT_TEXT_END]
	add edx, LOAD_BASE
	xor ecx, ecx
.low_pdpt:
	mov eax, ecx
	shl eax, 12
	lea eax, [edi + eax + TABLE_LOW_PD + (PRESENT | WRITABLE)]
	mov [edi + TABLE_LOW_PDPT + ecx * 8], eax
	inc ecx
	cmp ecx, 4
	jb .low_pdpt
	xor ecx, ecx
.low_pd:
	mov eax, ecx
	shl eax, 21
	cmp eax, edx
	jb .low_store
	mov [edi + TABLE_LOW_PD + ecx * 8 + 4], ebp
.low_store:
	or eax, PRESENT | WRITABLE | HUGE
	mov [edi + TABLE_LOW_PD + ecx * 8], eax
	inc ecx
	cmp ecx, 4 * 512
	jb .low_pd
	ret

; ESI: message. Onto COM1 and COM2, as the firmware left them, and the first line of a VGA text screen; then off, as
; kernel/core/power.c and kernel/arch/x86_64/device/power.c do it, with the status of a panic. Once for each mode.
%macro REFUSE 0
	mov edi, 0xb8000
%%next:
	lodsb
	test al, al
	jz %%off
	mov [edi], al
	mov byte [edi + 1], 0x4f
	add edi, 2
	mov ah, al
	mov edx, COM1
%%port:
	add edx, 5			; LSR
	mov ecx, 100000
%%wait:
	in al, dx
	test al, 0x20
	loopz %%wait
	sub edx, 5
	mov al, ah
	out dx, al
	cmp edx, COM2
	mov edx, COM2
	jne %%port
	jmp %%next
%%off:
	mov ax, 0x2000			; S5
	mov edx, 0x604
	out dx, ax
	mov edx, 0xb004
	out dx, ax
	mov esi, LOADED(shutdown)
	mov edx, 0x8900
	mov ecx, SHUTDOWN_BYTES
	rep outsb
	mov eax, EXIT_STATUS_PANIC
	mov edx, 0xf4
	out dx, eax
%%stop:
	hlt
	jmp %%stop
%endmacro

boot_refuse:
	REFUSE

bits 64
boot_64:
	xor eax, eax
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov fs, eax
	mov gs, eax
	mov esp, LOAD_BASE
	add esp, [LAYOUT_STACK_TOP]

	; C code that runs right here says where the image goes
	mov ebx, LOAD_BASE
	call relocate
	mov edi, [LOADED(saved_loader)]
	mov esi, [LOADED(saved_info)]
	mov rdx, [LAYOUT_LINK_BASE]
	mov ecx, [LAYOUT_IMAGE_END]
	mov eax, [LAYOUT_IMAGE_PLACE]
	add eax, LOAD_BASE
	call rax
global boot_placed
boot_placed:			; tests write another place to RAX
	mov rbx, rax
	mov [LAYOUT_IMAGE_BASE], rbx
	call relocate
	call map_image

	mov esi, [LOADED(saved_info)]
	mov edi, [LOADED(saved_loader)]
	mov ecx, [LAYOUT_STACK_TOP]
	lea rsp, [rbx + rcx]
	mov ecx, [LAYOUT_KERNEL_MAIN]
	add rcx, rbx
	xor ebp, ebp
	push rbp			; a return address of 0 ends backtraces
global boot_jump
boot_jump:			; debuggers stop here: what `layout` says is true from now on
	jmp rcx

; RBX: where the image is to run. May be called again with another place: what is stored does not depend on what
; was there.
relocate:
	mov rax, [LAYOUT_LINK_BASE]
	mov r10, rbx
	sub r10, rax
	mov r8d, [LAYOUT_RELA_START]
	add r8, LOAD_BASE
	mov r9d, [LAYOUT_RELA_END]
	add r9, LOAD_BASE
.relocate:
	cmp r8, r9
	jae .done
	mov esi, LOADED(message_relocation)
	cmp dword [r8 + 8], R_X86_64_RELATIVE
	jne boot_refuse_64
	mov rdi, [r8]			; linked address of the word
	sub rdi, rax
	mov rdx, [r8 + 16]		; addend
	add rdx, r10
	mov [rdi + LOAD_BASE], rdx
	add r8, 24
	jmp .relocate
.done:
	ret

; RBX: where the image runs, a page in the last 2 GiB. EBP: upper half of a no-execute entry.
map_image:
	mov edi, LOAD_BASE
	add edi, [LAYOUT_TABLES]
	mov eax, ebx
	and eax, 0x7fffffff		; offset in the last 2 GiB
	mov edx, [LAYOUT_IMAGE_END]
	lea edx, [eax + edx - 1]	; of the image's last byte
	mov ecx, eax
	shr ecx, 21
	shr edx, 21
	lea esi, [edi + TABLE_IMAGE_PT + (PRESENT | WRITABLE)]
.directory:
	mov [rdi + TABLE_IMAGE_PD + rcx * 8], rsi
	add esi, 4096
	inc ecx
	cmp ecx, edx
	jbe .directory

	; page by page: text R X, rodata R NX, data RW NX
	shr eax, 12
	and eax, 511
	lea rdi, [rdi + TABLE_IMAGE_PT + rax * 8]
	xor ecx, ecx			; offset from the image's first byte
.page:
	lea eax, [rcx + LOAD_BASE + PRESENT]
	xor edx, edx
	cmp ecx, [LAYOUT_TEXT_END]
	jb .store
	mov edx, ebp
	cmp ecx, [LAYOUT_RODATA_END]
	jb .store
	or eax, WRITABLE
.store:
	mov [rdi], eax
	mov [rdi + 4], edx
	add rdi, 8
	add ecx, 4096
	cmp ecx, [LAYOUT_IMAGE_END]
	jb .page
	ret

boot_refuse_64:
	REFUSE

; Starts the kernel once more, with the boot information that it has kept. RDI: physical address of a root that maps this
; code one to one, and where it runs now; SI: interrupts are off, and all other processors stand still.
global boot_again
boot_again:
	mov rax, cr4
	and eax, ~(1 << 17 | 1 << 7)	; PCIDE, PGE: neither outlives long mode
	mov cr4, rax
	mov cr3, rdi
	mov eax, LOADED(.low)
	jmp rax
.low:
	lgdt [LOADED(gdt_pointer)]
	jmp far dword [LOADED(to_protected)]

bits 32
protected:
	mov eax, SELECTOR_DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov eax, cr0
	and eax, ~(1 << 31)		; PG: out of long mode
	mov cr0, eax
	xor eax, eax
	mov cr4, eax
	xor edx, edx
	mov ecx, MSR_EFER
	wrmsr
	mov eax, LOADER_AGAIN
	jmp boot_entry_32.known
bits 64

align 8
gdt:	dq 0, 0x00af9a000000ffff, 0x00cf9a000000ffff, 0x00cf92000000ffff
SELECTOR_PROTECTED	equ 16
SELECTOR_DATA		equ 24
gdt_pointer:			; a base of 64 bits, for LGDT in 64-bit mode
	dw 31
	dd LOADED(gdt), 0
to_protected:
	dd LOADED(protected)
	dw SELECTOR_PROTECTED
saved_loader:	dd 0
saved_info:	dd 0
align 8
global boot_tsc
boot_tsc:	dq 0			; of the kernel's first instructions: task/call/sys_bulwark.c
%macro MESSAGE 2
%1	db 13, 10, "bulwark: ", %2, 13, 10, "bulwark: exit status 124", 13, 10, 0
%endmacro
MESSAGE message_loader, "not started by a Multiboot2 loader"
MESSAGE message_long_mode, "this processor has no 64-bit mode"
MESSAGE message_image, "kernel image larger than the boot tables map (8 MiB)"
MESSAGE message_relocation, "kernel image with a relocation other than R_X86_64_RELATIVE"
shutdown	db "Shutdown"
SHUTDOWN_BYTES	equ $ - shutdown

; Tells PVH loaders where to enter. The alignment of 4 and the descriptor of 8 bytes are what QEMU reads.
section .note.pvh note alloc noexec nowrite align=4
	dd 4, 8, ELFNOTE_PHYS32_ENTRY
	db "Xen", 0
	dq LOADED(boot_entry_pvh)

section .bss nobits alloc write align=4096
global boot_tables, boot_tables_end, boot_stack_top
boot_tables:	resb NR_TABLES * 4096
boot_tables_end:
boot_stack:	resb 16384
boot_stack_top:
