/* BUILD=race: the two accesses, and what they are to. Then the machine stops. */
#include "mm/sanitizer/race.h"

#include "core/log.h"
#include "core/panic.h"
#include "core/symbols.h"
#include "lib/text.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/table/policy.h"

enum { REPORT_BYTES = 768 };

static const char *name_of(const struct race_access *access)
{
	static const char *const names[] = { "load", "store", "atomic load", "atomic store" };

	return names[access->flags];
}

static void say_access(struct text *text, const struct race_access *access)
{
	char symbol[SYMBOL_TEXT_BYTES];

	text_say(text, "%s of %u bytes at 0x%lx by %s, cpu %u, pid %u\n", name_of(access),
		 access->len_bytes, access->address,
		 symbol_format(symbol, sizeof(symbol), access->caller), access->cpu, access->pid);
}

static void say_object(struct text *text, uint64_t address)
{
	pfn_t frame = direct_map_frame((va_t){ address });
	enum policy_view view = policy_view_of(address);
	struct slab_object object;
	va_t stack;

	if (view == VIEW_DIRECT_MAP && pfn_is_valid(frame) &&
	    frame_entry(frame)->owner == OWNER_KERNEL && frame_is_of_slab(frame_entry(frame)) &&
	    slab_object_at(address, &object)) {
		text_say(text, "  it is byte %lu of %zu of slab %s\n", address - object.start,
			 object.size_bytes, object.cache);
	} else if (view == VIEW_KSPACE && kstack_of((va_t){ address }, &stack)) {
		text_say(text, "  it is on the stack at 0x%lx\n", stack.va);
	} else if (view == VIEW_IMAGE) {
		text_say(text, "  it is in the image, at 0x%lx as linked\n",
			 address - (uint64_t)image_start + LINK_BASE);
	} else {
		text_say(text, "  it is in the %s\n", policy_view_name(view));
	}
}

void race_report(const struct race_access *own, const struct race_access *other, uint64_t before,
		 uint64_t after)
{
	/* the machine stops behind it; of two at a time one may be garbled */
	static char bytes[REPORT_BYTES];
	struct text text = text_begin(bytes, sizeof(bytes));
	char by[SYMBOL_TEXT_BYTES], by_other[SYMBOL_TEXT_BYTES];

	text_say(&text, "bulwark: race: ");
	say_access(&text, own);
	if (other) {
		text_say(&text, "  with ");
		say_access(&text, other);
	} else {
		text_say(&text, "  with a store that the compiler did not see\n");
	}
	say_object(&text, own->address);
	text_say(&text, "  it was 0x%lx, and is 0x%lx\n", before, after);
	log_start_emergency();
	log_write(text.bytes, text.len);
	panic("race: %s by %s and %s by %s", name_of(own),
	      symbol_format(by, sizeof(by), own->caller), other ? name_of(other) : "store",
	      other ? symbol_format(by_other, sizeof(by_other), other->caller) : "nobody known");
}
