/* A system call as the kernel gets it: no libc between, and all 64 bits of the number count. */
#pragma once

#include <stdint.h>

/* Six arguments; the result as it is, an errno negated. */
static inline long raw_call(uint64_t number, const uint64_t *a)
{
	register uint64_t r10 __asm__("r10") = a[3];
	register uint64_t r8 __asm__("r8") = a[4];
	register uint64_t r9 __asm__("r9") = a[5];
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
