; The block functions that the compiler may call: memcpy, memmove, memset. Whole words first, then
; the remaining bytes.
; The direction flag is clear on entry, as everywhere in the kernel.

default rel
bits 64

section .text

; void *memcpy(void *rdi, const void *rsi, size_t rdx)
global memcpy:function hidden
memcpy:
	mov	rax, rdi
	mov	rcx, rdx
	shr	rcx, 3
	rep movsq
	mov	ecx, edx
	and	ecx, 7
	rep movsb
	ret

; void *memmove(void *rdi, const void *rsi, size_t rdx)
global memmove:function hidden
memmove:
	mov	rax, rdi
	sub	rax, rsi
	cmp	rax, rdx
	jae	memcpy			; the destination does not begin inside the source
	mov	rax, rdi
	test	rdx, 7
	jz	.words
.bytes:					; from the end: read before overwritten
	mov	cl, [rsi + rdx - 1]
	mov	[rdi + rdx - 1], cl
	dec	rdx
	test	rdx, 7
	jnz	.bytes
.words:
	test	rdx, rdx
	jz	.done
.word:
	mov	rcx, [rsi + rdx - 8]
	mov	[rdi + rdx - 8], rcx
	sub	rdx, 8
	jnz	.word
.done:
	ret

; void *memset(void *rdi, int esi, size_t rdx)
global memset:function hidden
memset:
	mov	r8, rdi
	movzx	esi, sil
	mov	rax, 0x0101010101010101
	imul	rax, rsi
	mov	rcx, rdx
	shr	rcx, 3
	rep stosq
	mov	ecx, edx
	and	ecx, 7
	rep stosb
	mov	rax, r8
	ret
