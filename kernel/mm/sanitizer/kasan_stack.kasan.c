/*
 * BUILD=kasan: the variables of functions, and of the image.
 *
 * A function whose variables have their address taken asks for a frame when it begins, and gives it
 * back when it returns. Such frames are not on the stack: each is marked from its return until its
 * turn comes again, so that a pointer to a variable that is no more is found. Where there is none
 * left the function uses the stack.
 *
 *     frame of class c: 64 << c bytes, at a multiple of that
 *       +-------+-------------+----------+----------+---------------------------+------------+
 *       | magic | description | function | stack    | variables with red zones  | &in use    |
 *       +-------+-------------+----------+----------+---------------------------+------------+
 *         the compiler's                   ours                                   ours
 *
 * The compiler's code gives small ones back itself: it marks the frame and stores 0 where the last
 * word points. Source: gcc/asan.cc, asan_emit_stack_protection.
 */
#include "mm/sanitizer/kasan.h"

#include "arch/x86_64/cpu/registers.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/kspace.h"

enum {
	NR_CLASSES = 8, /* of the compiler's 11: up to 8 KiB */
	LEAST_SHIFT = 6,
	CLASS_SHIFT = 18, /* bytes for each class */
	FRAMES_MAX = 1 << (CLASS_SHIFT - LEAST_SHIFT),
	ARENA_ORDER = CLASS_SHIFT + 3 - PAGE_SHIFT
};
static_assert(NR_CLASSES == 1 << (ARENA_ORDER + PAGE_SHIFT - CLASS_SHIFT), "room for all");

struct stack_frame {
	uint64_t magic, description, function, stack;
};

/* Where the frames are; 0: none yet. */
static uint64_t arena;
/* Atomic. The compiler's code stores FRAME_FREE. */
enum { FRAME_FREE, FRAME_TAKEN, FRAME_IN_USE /* its stack is told */ };
static uint8_t in_use[NR_CLASSES][FRAMES_MAX];
/* Where the next search begins. Atomic. */
static uint32_t next[NR_CLASSES];

/* The compiler's code asks for frames where this is not 0. */
int __asan_option_detect_stack_use_after_return;

void kasan_stack_init(void)
{
	pfn_t first;

	/* for copies to and from user space, as stacks are */
	if (frame_alloc_copied(ARENA_ORDER, &first) == STATUS_OK) {
		arena = direct_map_address(first);
		marks_put(arena, PAGE_SIZE << ARENA_ORDER, MARK_STACK_RETURNED);
		__asan_option_detect_stack_use_after_return = 1;
	}
}

static uint32_t nr_frames_of(unsigned class) { return 1u << (CLASS_SHIFT - LEAST_SHIFT - class); }

static uint64_t frame_at(unsigned class, uint32_t i)
{
	return arena + ((uint64_t) class << CLASS_SHIFT) + ((uint64_t)i << (LEAST_SHIFT + class));
}

static uint64_t frame_take(unsigned class, uint64_t stack)
{
	uint32_t nr = nr_frames_of(class);
	uint32_t from = __atomic_fetch_add(&next[class], 1, __ATOMIC_RELAXED);

	for (uint32_t tries = 0; tries < nr; tries++) {
		uint32_t i = (from + tries) % nr;
		uint64_t frame = frame_at(class, i);

		uint8_t expected = FRAME_FREE;

		if (__atomic_compare_exchange_n(&in_use[class][i], &expected, FRAME_TAKEN, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			marks_clear(frame, 1ul << (LEAST_SHIFT + class));
			((struct stack_frame *)frame)->stack = stack;
			((uint8_t **)(frame + (1ul << (LEAST_SHIFT + class))))[-1] =
				&in_use[class][i];
			/* pairs with the load in marks_forget_stack */
			__atomic_store_n(&in_use[class][i], FRAME_IN_USE, __ATOMIC_RELEASE);
			__atomic_store_n(&next[class], i + 1, __ATOMIC_RELAXED);
			return frame;
		}
	}
	return 0;
}

static void frame_give(unsigned class, uint32_t i)
{
	marks_put(frame_at(class, i), 1ul << (LEAST_SHIFT + class), MARK_STACK_RETURNED);
	__atomic_store_n(&in_use[class][i], FRAME_FREE, __ATOMIC_RELEASE);
}

#define CLASS(class)                                                                               \
	uint64_t __asan_stack_malloc_##class(size_t len_bytes);                                    \
	uint64_t __asan_stack_malloc_##class(size_t len_bytes)                                     \
	{                                                                                          \
		(void)len_bytes;                                                                   \
		return frame_take(class, (uint64_t)__builtin_frame_address(0));                    \
	}                                                                                          \
	void __asan_stack_free_##class(uint64_t frame, size_t len_bytes);                          \
	void __asan_stack_free_##class(uint64_t frame, size_t len_bytes)                           \
	{                                                                                          \
		(void)len_bytes;                                                                   \
		frame_give(class,                                                                  \
			   (uint32_t)((frame - frame_at(class, 0)) >> (LEAST_SHIFT + class)));     \
	}

CLASS(0)
CLASS(1)
CLASS(2)
CLASS(3)
CLASS(4)
CLASS(5)
CLASS(6)
CLASS(7)
/* The others are too large. */
#define LARGE_CLASS(class)                                                                         \
	uint64_t __asan_stack_malloc_##class(size_t len_bytes);                                    \
	uint64_t __asan_stack_malloc_##class(size_t len_bytes)                                     \
	{                                                                                          \
		(void)len_bytes;                                                                   \
		return 0;                                                                          \
	}                                                                                          \
	void __asan_stack_free_##class(uint64_t frame, size_t len_bytes);                          \
	void __asan_stack_free_##class(uint64_t frame, size_t len_bytes)                           \
	{                                                                                          \
		(void)frame;                                                                       \
		(void)len_bytes;                                                                   \
	}

LARGE_CLASS(8)
LARGE_CLASS(9)
LARGE_CLASS(10)

uint64_t kasan_stack_function(uint64_t address)
{
	uint64_t offset = address - arena;
	unsigned class = (unsigned)(offset >> CLASS_SHIFT);

	if (!arena || class >= NR_CLASSES) {
		return 0;
	}
	return ((struct stack_frame *)align_down(address, 1ul << (LEAST_SHIFT + class)))->function;
}

void marks_forget_stack(va_t base)
{
	for (unsigned class = 0; arena && class < NR_CLASSES; class ++) {
		for (uint32_t i = 0; i < nr_frames_of(class); i++) {
			const struct stack_frame *frame = (void *)frame_at(class, i);

			if (__atomic_load_n(&in_use[class][i], __ATOMIC_ACQUIRE) == FRAME_IN_USE &&
			    frame->stack - base.va < KSTACK_SIZE) {
				frame_give(class, i);
			}
		}
	}
}

/* A variable's scope begins, and ends. */
void __asan_unpoison_stack_memory(uint64_t start, size_t len_bytes);
void __asan_unpoison_stack_memory(uint64_t start, size_t len_bytes)
{
	marks_clear(start, len_bytes);
}

void __asan_poison_stack_memory(uint64_t start, size_t len_bytes);
void __asan_poison_stack_memory(uint64_t start, size_t len_bytes)
{
	marks_put(start, align_up(len_bytes, MARK_BYTES), MARK_STACK_SCOPE);
}

/* The stack is left at once: its functions do not clear what they marked. */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
	uint64_t here = align_down((uint64_t)__builtin_frame_address(0), MARK_BYTES);
	va_t base;

	if (kstack_of((va_t){ here }, &base)) {
		marks_clear(here, base.va + KSTACK_SIZE - here);
	}
}

/* --- variables of the image --- */

struct variable {
	uint64_t start;
	size_t size_bytes, with_red_zone_bytes;
	const char *name, *file;
	uint64_t has_constructor;
	const void *location;
	uint64_t odr_indicator;
};

void __asan_register_globals(const struct variable *variables, size_t nr);
void __asan_register_globals(const struct variable *variables, size_t nr)
{
	for (const struct variable *at = variables; at < variables + nr; at++) {
		marks_put(at->start, at->with_red_zone_bytes, MARK_GLOBAL_RED);
		marks_clear(at->start, at->size_bytes);
	}
}

void __asan_unregister_globals(const struct variable *variables, size_t nr);
void __asan_unregister_globals(const struct variable *variables, size_t nr)
{
	(void)variables;
	(void)nr;
}

extern void (*const constructors_start[])(void), (*const constructors_end[])(void); /* linker.ld */

void kasan_register_globals(void)
{
	for (void (*const *at)(void) = constructors_start; at < constructors_end; at++) {
		(*at)();
	}
}
