; The routines behind uaccess.h, once with STAC and CLAC and once without. An instruction that may fault has a row in
; .extable; its fix-up closes the access and returns what is left in RCX or the operand's size.

bits 64
default rel

%macro FIXUP 2		; instruction, fix-up
[section .extable]
	dd %1 - $
	dd %2 - $
__SECT__
%endmacro

%macro ROUTINES 2	; suffix, 1 with SMAP instructions
%if %2
%define OPEN stac
%define CLOSE clac
%else
%define OPEN
%define CLOSE
%endif

global uaccess_copy_%1
uaccess_copy_%1:
	mov rcx, rdx
	shr rcx, 3
	and edx, 7
	OPEN
%%words:
	rep movsq
	mov ecx, edx
%%bytes:
	rep movsb
	CLOSE
	xor eax, eax
	ret
%%words_fault:
	lea rcx, [rdx + rcx * 8]
%%bytes_fault:
	CLOSE
	mov rax, rcx
	ret
	FIXUP %%words, %%words_fault
	FIXUP %%bytes, %%bytes_fault

global uaccess_zero_%1
uaccess_zero_%1:
	mov rcx, rsi
	xor eax, eax
	OPEN
%%zero:
	rep stosb
	CLOSE
	ret
%%zero_fault:
	CLOSE
	mov rax, rcx
	ret
	FIXUP %%zero, %%zero_fault

global uaccess_load_u32_%1
uaccess_load_u32_%1:
	OPEN
%%load32:
	mov esi, [rsi]
	CLOSE
	mov [rdi], esi
	xor eax, eax
	ret
	FIXUP %%load32, %%fault4

global uaccess_load_u64_%1
uaccess_load_u64_%1:
	OPEN
%%load64:
	mov rsi, [rsi]
	CLOSE
	mov [rdi], rsi
	xor eax, eax
	ret
	FIXUP %%load64, %%fault8

global uaccess_store_u32_%1
uaccess_store_u32_%1:
	OPEN
%%store32:
	mov [rdi], esi
	CLOSE
	xor eax, eax
	ret
	FIXUP %%store32, %%fault4

global uaccess_store_u64_%1
uaccess_store_u64_%1:
	OPEN
%%store64:
	mov [rdi], rsi
	CLOSE
	xor eax, eax
	ret
	FIXUP %%store64, %%fault8

%%fault4:
	CLOSE
	mov eax, 4
	ret
%%fault8:
	CLOSE
	mov eax, 8
	ret
%endmacro

section .extable progbits alloc noexec nowrite align=8
section .text
	ROUTINES smap, 1
	ROUTINES plain, 0
