; BUILD=fuzz: what the compiler calls at each basic block. Most of the time the pair of points is known, and that is all.

default rel
bits 64
section .text

extern image_start, coverage_last, coverage_pairs, coverage_take

; coverage.h, fuzz_abi.h
NR_LAST		equ 1 << 14
PAIRS_BITS	equ 17
POINT_BITS	equ 20
POINT_SHIFT	equ 2
; Knuth, "The Art of Computer Programming", vol. 3, "Hashing": multiplication by the golden ratio
GOLDEN		equ 0x9e3779b97f4a7c15

; RBP: the caller's frame, a multiple of 16. Loses what C may lose, but for what it calls no more than RAX, RCX, RDX, RSI, RDI.
global __sanitizer_cov_trace_pc
__sanitizer_cov_trace_pc:
	mov rax, [rsp]
	lea rdx, [image_start]
	sub rax, rdx
	shr rax, POINT_SHIFT
	mov esi, ebp
	shr esi, 4
	and esi, NR_LAST - 1
	lea rdi, [coverage_last]
	mov rcx, rbp
	shl rcx, POINT_BITS - 4
	or rcx, rax
	mov rdx, [rdi + rsi * 8]
	mov [rdi + rsi * 8], rcx
	; of the same frame: nothing is left above the points
	xor rcx, rdx
	shr rcx, POINT_BITS
	jnz .from_nowhere
	shl rdx, POINT_BITS
	; the frame is above the 40 bits of a pair
	shl rdx, 64 - 2 * POINT_BITS
	shr rdx, 64 - 2 * POINT_BITS
	or rdx, rax
	jmp .look
.from_nowhere:
	mov rdx, rax
.look:
	mov rcx, GOLDEN
	imul rcx, rdx
	shr rcx, 64 - PAIRS_BITS
	lea rdi, [coverage_pairs]
	cmp [rdi + rcx * 8], rdx
	jne .slow
	ret
.slow:
	mov rdi, rdx
	jmp coverage_take
