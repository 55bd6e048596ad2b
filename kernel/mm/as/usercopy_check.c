/* Which object a kernel address lies in, and whether a range stays inside. */
#include "mm/as/usercopy_check.h"

#include "core/cpu.h"
#include "core/log.h"
#include "core/options.h"
#include "core/symbols.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame.h"
#include "mm/frame/kspace.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"

struct range {
	uint64_t start, end;
};

/* What a range begins in, for the report of a refusal; no name: it is said already. */
struct object {
	uint64_t start;
	size_t size_bytes;
	char name[POOL_NAME_BYTES];
};

static bool is_inside(struct range range, uint64_t start, uint64_t end)
{
	return range.start >= start && range.end <= end;
}

/*
 * Each function's variables lie between its frame pointer and that of what it called. Linux does
 * the same (arch_within_stack_frames). The entry code clears RBP, so the chain ends with the
 * function that it called: above that one's frame lie the user's registers, cs and flags among
 * them. NULL: it is allowed.
 */
static const char *check_stack(struct range range, const uint64_t *frame, uint64_t top)
{
	while (range.start >= (uint64_t)(frame + 2)) {
		uint64_t caller = frame[0];

		if (caller <= (uint64_t)frame || caller > top - 2 * sizeof(uint64_t) ||
		    !is_aligned(caller, sizeof(uint64_t))) {
			return "what the entry code keeps on the stack";
		}
		if (range.start < caller) {
			return range.end <= caller ? NULL : "more than one frame of the stack";
		}
		frame = (const uint64_t *)caller;
	}
	return "the stack below the current frame";
}

static const char *check_image(struct range range, enum copy_direction direction)
{
	for (const struct copied_variable *at = copied_start; at < copied_end; at++) {
		uint64_t start = (uint64_t)at->start;

		if (is_inside(range, start, start + at->size_bytes)) {
			return direction == COPY_TO_USER || start >= (uint64_t)ro_after_init_end
				       ? NULL
				       : "kernel constants";
		}
	}
	return range.start < (uint64_t)text_end ? "kernel text" : "the kernel's data";
}

static const char *check_object(struct range range, const struct object *object, const char *past)
{
	return is_inside(range, object->start, object->start + object->size_bytes) ? NULL : past;
}

static const char *check_pool(struct range range, enum copy_direction direction,
			      struct object *object)
{
	struct pool_object found;

	if (!pool_object_at(range.start, &found)) {
		return "no object of a pool";
	}
	*object = (struct object){ found.start, found.size_bytes, "" };
	string_copy(object->name, found.pool, sizeof(object->name));
	return direction == COPY_FROM_USER && found.is_sealed
		       ? "a sealed pool"
		       : check_object(range, object, "past the end of an object of a pool");
}

static const char *check_frames(struct range range, struct object *object)
{
	pfn_t frame = direct_map_frame((va_t){ range.start }), first;

	if (!pfn_is_valid(frame) || frame_entry(frame)->owner != OWNER_KERNEL ||
	    !(frame_entry(frame)->flags & FRAME_COPIED)) {
		return "memory that is not for copies";
	}
	first.pfn = frame_entry(frame)->number;
	*object = (struct object){ direct_map_base + pfn_to_pa(first).pa,
				   (uint64_t)PAGE_SIZE << frame_entry(first)->order, "pages" };
	return check_object(range, object, "past the end of an allocation of pages");
}

static const char *check(struct range range, enum copy_direction direction, const void *frame,
			 struct object *object)
{
	va_t stack;

	if (range.end < range.start) {
		return "more than there is";
	}
	if (kstack_of((va_t){ (uint64_t)frame }, &stack) && range.start - stack.va < KSTACK_SIZE) {
		return check_stack(range, frame, stack.va + KSTACK_SIZE);
	}
	switch (policy_view_of(range.start)) {
	case VIEW_DIRECT_MAP: return check_frames(range, object);
	case VIEW_IMAGE: return check_image(range, direction);
	case VIEW_POOLS: return check_pool(range, direction, object);
	case VIEW_KSPACE: return "kernel space: another thread's stack, or the frame table";
	case VIEW_ENTRY_AREA: return "the processors' own memory";
	case VIEW_WINDOW: return "the private window";
	default: return "no kernel memory";
	}
}

/* Whoever called the copy is above its frame. */
static __attribute__((noinline)) void refuse(struct range range, enum copy_direction direction,
					     const char *what, const struct object *object,
					     const uint64_t *frame)
{
	char caller[SYMBOL_TEXT_BYTES], place[POOL_NAME_BYTES + 48] = "";

	if (object->name[0]) {
		format(place, sizeof(place), " (%s, %zu bytes at 0x%lx)", object->name,
		       object->size_bytes, object->start);
	}
	COUNT(usercopy_refused);
	log_print("bulwark: usercopy refused: %lu bytes %s user space, %s 0x%lx, by %s: %s%s\n",
		  range.end - range.start, direction == COPY_TO_USER ? "to" : "from",
		  direction == COPY_TO_USER ? "from" : "to", range.start,
		  symbol_format(caller, sizeof(caller), frame[1]), what, place);
}

bool usercopy_allows(const void *at, size_t len_bytes, enum copy_direction direction,
		     const void *frame)
{
	struct range range = { (uint64_t)at, (uint64_t)at + len_bytes };
	struct object object = { 0 };
	const char *what;

	if (!len_bytes || options.pmalloc == pmalloc_off) {
		return true;
	}
	what = check(range, direction, frame, &object);
	if (what) {
		refuse(range, direction, what, &object, frame);
	}
	return !what;
}
