/* Asks the owners of the regions what they have at an address. */
#include "task/fault/explain_object.h"

#include "core/symbols.h"
#include "mm/as/as.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/entry_area.h"
#include "mm/table/policy.h"
#include "task/process/process.h"

/* Whose kernel stack it is. */
struct stack_owner {
	const struct thread *thread;   /* NULL: nobody's */
	const struct process *process; /* NULL: the kernel's own thread */
};

struct stack_search {
	va_t stack;
	struct stack_owner *found;
};

static void search_threads(struct process *process, const void *argument)
{
	const struct stack_search *search = argument;

	LIST_FOR_EACH (node, &process->threads) {
		const struct thread *thread = LIST_ENTRY(node, struct thread, process_node);

		if (thread->stack.va == search->stack.va) {
			*search->found = (struct stack_owner){ thread, process };
		}
	}
}

static struct stack_owner stack_owner_find(va_t stack)
{
	struct stack_owner owner = { 0 };

	process_for_each(search_threads, &(struct stack_search){ stack, &owner });
	for (unsigned id = 0; id < nr_cpus; id++) {
		if (cpus[id]->idle->stack.va == stack.va) {
			owner.thread = cpus[id]->idle;
		}
	}
	return owner;
}

static void say_stack(struct text *text, uint64_t address, va_t stack)
{
	struct stack_owner owner = stack_owner_find(stack);

	text_say(text, "%s of ",
		 address < stack.va ? "guard page below the kernel stack" : "kernel stack");
	if (owner.process) {
		text_say(text, "thread %u of %s (pid %u)", owner.thread->tid, owner.process->name,
			 owner.process->pid);
	} else {
		text_say(text, owner.thread ? "an idle thread" : "nobody");
	}
	if (address >= stack.va) {
		text_say(text, ", 0x%lx bytes below its top", stack.va + KSTACK_SIZE - address);
	}
}

static void say_kspace(struct text *text, const struct explanation *explanation)
{
	va_t stack;

	if (kstack_of((va_t){ explanation->address }, &stack) ||
	    kstack_is_guard((va_t){ explanation->address })) {
		say_stack(text, explanation->address, stack);
	} else if (explanation->is_mapped) {
		text_say(text, "device registers or firmware tables");
	}
}

static void say_frames(struct text *text, const struct explanation *explanation)
{
	struct slab_object object;
	uint64_t address = explanation->address;
	const struct frame *frame;

	if (pfn_is_none(explanation->frame) || explanation->owner != OWNER_KERNEL) {
		return;
	}
	frame = frame_entry(explanation->frame);
	if (!frame_is_of_slab(frame)) {
		text_say(text, "page %u of an allocation of %u",
			 explanation->frame.pfn - frame->number,
			 1u << frame_entry((pfn_t){ frame->number })->order);
	} else if (slab_object_at(address, &object)) {
		text_say(text, "object of slab %s, byte 0x%lx of 0x%lx", object.cache,
			 address - object.start, object.size_bytes);
	} else {
		text_say(text, "head of a slab");
	}
}

static void say_pool(struct text *text, const struct explanation *explanation)
{
	struct pool_object object;

	if (pool_object_at(explanation->address, &object)) {
		text_say(text, "object of pool %s, byte 0x%lx of 0x%lx, %s", object.pool,
			 explanation->address - object.start, object.size_bytes,
			 object.is_sealed ? "sealed" : "open");
	} else if (explanation->is_mapped) {
		text_say(text, "no object: a pool's own records, or room that is left");
	}
}

static void say_entry_area(struct text *text, const struct explanation *explanation)
{
	uint64_t offset = explanation->address - ENTRY_AREA_BASE;
	char symbol[SYMBOL_TEXT_BYTES];

	if (!explanation->is_mapped) {
		return;
	}
	if (offset < ENTRY_TEXT_OFFSET) {
		text_say(text, "interrupt descriptor table %lu", offset / PAGE_SIZE);
	} else if (offset < ENTRY_CPU_OFFSET) {
		/* the image has the same code, with names */
		text_say(text, "%s",
			 symbol_format(symbol, sizeof(symbol),
				       (uint64_t)entry_text_start + offset - ENTRY_TEXT_OFFSET));
	} else {
		text_say(text, "of CPU %lu, offset 0x%lx",
			 (offset - ENTRY_CPU_OFFSET) / ENTRY_CPU_STRIDE,
			 (offset - ENTRY_CPU_OFFSET) % ENTRY_CPU_STRIDE);
	}
}

static void say_image(struct text *text, uint64_t address)
{
	const char *name;
	uint64_t offset;

	if (symbol_find(address, &name, &offset)) {
		text_say(text, "%s+%#lx", name, offset);
	}
}

static void say_user(struct text *text, const struct memory_region *region)
{
	if (region->exists) {
		text_say(text, "memory of the process, 0x%lx to 0x%lx, %s", region->start,
			 region->end, memory_rights_text(region));
	}
}

void explain_object(struct text *text, const struct explanation *explanation,
		    const struct memory_region *region)
{
	switch (policy_view_of(explanation->address)) {
	case VIEW_USER_HALF: say_user(text, region); break;
	case VIEW_DIRECT_MAP: say_frames(text, explanation); break;
	case VIEW_KSPACE: say_kspace(text, explanation); break;
	case VIEW_POOLS: say_pool(text, explanation); break;
	case VIEW_ENTRY_AREA: say_entry_area(text, explanation); break;
	case VIEW_IMAGE: say_image(text, explanation->address); break;
	default: break;
	}
}
