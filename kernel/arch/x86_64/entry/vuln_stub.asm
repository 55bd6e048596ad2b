; The one vulnerability that C cannot express: a stack pivot, as a gadget like "xchg rax, rsp; ret" performs it.

default rel
bits 64

section .text

; void vuln_pivot_stub(uint64_t stack)
global vuln_pivot_stub:function hidden
vuln_pivot_stub:
	push rbp
	mov rbp, rsp
	; A fault of RET itself would be pushed onto the new stack and end as a double fault, with the address lost. A load
	; of the same word while the old stack still stands faults in the same way, and can be reported.
	mov rax, [rdi]
	mov rsp, rdi
	ret
