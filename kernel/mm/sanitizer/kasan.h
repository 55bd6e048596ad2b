/* BUILD=kasan: what the parts of the sanitizer share. Any context, NMI included. */
#pragma once

#include "lib/types.h"
#include "mm/sanitizer/marks.h"

/* --- kasan.kasan.c: what the compiler calls in front of accesses --- */

/* Boot: accesses to [start, end) are looked at from now on; all that is mapped there has marks. */
void kasan_watch(uint64_t start, uint64_t end);
/* From now on nothing is looked at. */
void kasan_stop(void);
/* Boot: red zones around the image's variables. */
void kasan_register_globals(void);

/* --- kasan_stack.kasan.c: frames that stay marked for a while when their function has returned ---
 */

void kasan_stack_init(void);
/* The function whose variables were at an address of such a frame; 0: there is none. */
uint64_t kasan_stack_function(uint64_t address);
/* Frees those of functions that were left on this stack without a return. */
void kasan_stack_forget(va_t base);

/* --- kasan_report.kasan.c --- */

/* Panics. caller: the return address of the check. */
_Noreturn void kasan_report(uint64_t address, size_t len_bytes, enum touch touch, uint64_t caller);

/* The marks of a free frame say who freed it. */
void kasan_frame_trace(pfn_t frame, struct trace *out);
