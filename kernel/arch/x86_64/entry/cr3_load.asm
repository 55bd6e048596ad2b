; Roots that code outside the gate loads: which, only protected words and CR3 itself say.

%include "offsets.inc"
%include "arch/x86_64/entry/begun_again.inc"
%include "arch/x86_64/cpu/load_cr3.inc"

default rel
bits 64
section .text

; void cr3_reload(void)
global cr3_reload
cr3_reload:
	mov rax, cr3
	LOAD_CR3 rax
.end:
	BEGUN_AGAIN cr3_reload, .end
	ret

; void cr3_load_window(void)
global cr3_load_window
cr3_load_window:
	mov rax, [gs:SEALED_GATE_CR3]
	LOAD_CR3 rax
.end:
	BEGUN_AGAIN cr3_load_window, .end
	ret

; void cr3_load_current(void)
global cr3_load_current
cr3_load_current:
	mov rax, [gs:SEALED_CURRENT]
	mov rax, [rax + CURRENT_KERNEL_CR3]
	LOAD_CR3 rax
.end:
	BEGUN_AGAIN cr3_load_current, .end
	ret
