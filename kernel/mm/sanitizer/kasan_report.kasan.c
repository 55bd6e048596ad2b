/* BUILD=kasan: what was accessed, by whom, what it is, and who had it. Then the machine stops. */
#include "mm/sanitizer/kasan.h"

#include "core/log.h"
#include "core/panic.h"
#include "core/symbols.h"
#include "lib/text.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/policy.h"

enum { REPORT_BYTES = 1024 };

static const char *touch_name(enum touch touch)
{
	static const char *const names[] = {
		[TOUCH_LOAD] = "load", [TOUCH_STORE] = "store", [TOUCH_FREE] = "free"
	};

	return names[touch];
}

/* The mark that forbids it: a partial one stands in front of the red zone. */
static uint8_t mark_of(uint64_t address, size_t len_bytes)
{
	const uint8_t *at = (const uint8_t *)mark_address(address);
	const uint8_t *last = (const uint8_t *)mark_address(address + len_bytes - 1);

	while (at < last && !*at) {
		at++;
	}
	return *at && *at < MARK_BYTES ? at[1] : *at;
}

static const char *kind_of(uint8_t mark, enum touch touch)
{
	switch (mark) {
	case MARK_STACK_LEFT:
	case MARK_STACK_MIDDLE:
	case MARK_STACK_RIGHT: return "out of bounds of a variable on a stack";
	case MARK_STACK_RETURNED: return "use of a stack after return";
	case MARK_STACK_SCOPE: return "use of a variable outside of its scope";
	case MARK_STACK_FREED:
		return touch == TOUCH_FREE ? "double free of a stack" : "use of a stack after free";
	case MARK_GLOBAL_RED: return "out of bounds of a variable of the image";
	case MARK_SLAB_RED: return "out of bounds of a slab's object";
	case MARK_SLAB_FREED:
		return touch == TOUCH_FREE ? "double free of a slab's object"
					   : "use of a slab's object after free";
	case MARK_POOL_RED: return "out of bounds of a pool's object";
	case MARK_POOL_FREED: return "use of a pool's object after free";
	case MARK_FRAME_NOT_OURS: return "use of frames of user space or of a pool";
	default: return touch == TOUCH_FREE ? "double free of frames" : "use of frames after free";
	}
}

static void say_trace(struct text *text, const char *what, const struct trace *trace)
{
	char symbol[SYMBOL_TEXT_BYTES];

	if (!trace->callers[0]) {
		return;
	}
	text_say(text, "  %s by pid %u:", what, trace->pid);
	for (unsigned i = 0; i < TRACE_DEPTH && trace->callers[i]; i++) {
		text_say(text, "%s %s", i ? " <-" : "",
			 symbol_format(symbol, sizeof(symbol),
				       (uint64_t)image_start + trace->callers[i]));
	}
	text_say(text, "\n");
}

/* [start, start + size) is what the address is in or next to. */
static void say_place(struct text *text, uint64_t address, uint64_t start, size_t size_bytes)
{
	if (address < start) {
		text_say(text, "%lu bytes in front of %zu bytes", start - address, size_bytes);
	} else if (address < start + size_bytes) {
		text_say(text, "byte %lu of %zu bytes", address - start, size_bytes);
	} else {
		text_say(text, "%lu bytes behind %zu bytes", address - start - size_bytes,
			 size_bytes);
	}
}

static void say_frame(struct text *text, uint64_t address)
{
	pfn_t frame = direct_map_frame((va_t){ address });
	struct slab_object object;
	struct trace trace;
	char symbol[SYMBOL_TEXT_BYTES];

	if (!pfn_is_valid(frame)) {
		return;
	}
	if (kasan_stack_function(address)) {
		text_say(text, "  it is a variable of %s\n",
			 symbol_format(symbol, sizeof(symbol), kasan_stack_function(address)));
	} else if (frame_entry(frame)->owner == OWNER_KERNEL &&
		   frame_is_of_slab(frame_entry(frame)) && slab_object_at(address, &object)) {
		text_say(text, "  it is ");
		say_place(text, address, object.start, object.size_bytes);
		text_say(text, " of slab %s at 0x%lx\n", object.cache, object.start);
		say_trace(text, "taken", &object.trace->taken);
		say_trace(text, "freed", &object.trace->freed);
	} else {
		text_say(text, "  it is frame 0x%x, of %s\n", frame.pfn,
			 owner_name(frame_entry(frame)->owner));
		if (frame_entry(frame)->owner == OWNER_FREE) {
			kasan_frame_trace(frame, &trace);
			say_trace(text, "freed", &trace);
		}
	}
}

static void say_object(struct text *text, uint64_t address)
{
	va_t stack;

	switch (policy_view_of(address)) {
	case VIEW_DIRECT_MAP: say_frame(text, address); break;
	case VIEW_KSPACE:
		if (kstack_of((va_t){ address }, &stack)) {
			text_say(text, "  it is on the stack at 0x%lx\n", stack.va);
		}
		break;
	default: text_say(text, "  it is in the %s\n", policy_view_name(policy_view_of(address)));
	}
}

void kasan_report(uint64_t address, size_t len_bytes, enum touch touch, uint64_t caller)
{
	/* the machine stops behind it; of two at a time one may be garbled */
	static char bytes[REPORT_BYTES];
	struct text text = text_begin(bytes, sizeof(bytes));
	char symbol[SYMBOL_TEXT_BYTES];
	uint8_t found = mark_of(address, len_bytes);

	kasan_stop();
	text_say(&text, "bulwark: kasan: %s of %zu bytes at 0x%lx by %s\n", touch_name(touch),
		 len_bytes, address, symbol_format(symbol, sizeof(symbol), caller));
	say_object(&text, address);
	log_start_emergency();
	log_write(text.bytes, text.len);
	panic("kasan: %s, %s by %s", kind_of(found, touch), touch_name(touch), symbol);
}
