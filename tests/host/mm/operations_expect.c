/* What the model expects of an operation, and the same done to the model. */
#include <string.h>

#include "mm/as/as.h"
#include "mm/frame/frame_alloc.h"
#include "mm/machine.h"
#include "mm/operations.h"

enum { RIGHTS_ALL = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE };

static void expect(const struct operation *operation, status_t got, status_t expected)
{
	if (got != expected) {
		machine_die("operation %d returned %d, not %d", operation->kind, got, expected);
	}
}

/* A range that calls take: its end, or 0. */
static uint64_t range_end(uint64_t at, uint64_t len_bytes, uint64_t align)
{
	if (at % align || at < USER_MIN || at >= USER_TOP || !len_bytes ||
	    len_bytes > USER_TOP - at) {
		return 0;
	}
	return at + align_up(len_bytes, align) > USER_TOP ? 0 : at + align_up(len_bytes, align);
}

static status_t place_expect(const struct operation *operation, uint64_t align, uint64_t *at)
{
	struct space *space = operation->space;
	uint64_t end = range_end(operation->at, operation->len_bytes, align);

	*at = operation->at;
	switch (operation->how) {
	case AS_MAP_FIXED:
		return !end || model_cuts_huge(space, *at) || model_cuts_huge(space, end)
			       ? STATUS_EINVAL
			       : STATUS_OK;
	case AS_MAP_FIXED_NOREPLACE:
		return !end                             ? STATUS_EINVAL
		       : model_is_free(space, *at, end) ? STATUS_OK
							: STATUS_EEXIST;
	case AS_MAP_HINT:
		if (end && model_is_free(space, *at, end)) {
			return STATUS_OK;
		}
		break;
	default: break;
	}
	*at = model_find_gap(space, align_up(operation->len_bytes, align), align);
	return STATUS_OK;
}

static void map_commit(struct operation *operation, status_t status)
{
	uint64_t align = operation->flags & REGION_HUGE ? HUGE_SIZE : PAGE_SIZE, at = 0;
	status_t expected;

	if (operation->len_bytes > USER_TOP) {
		expected = STATUS_ENOMEM;
	} else if (!operation->len_bytes || operation->rights & ~RIGHTS_ALL) {
		expected = STATUS_EINVAL;
	} else {
		expected = place_expect(operation, align, &at);
	}
	expect(operation, status, expected);
	if (operation->placed.uva != (status ? 0 : at)) {
		machine_die("mapped at %#lx, not at %#lx", operation->placed.uva, at);
	}
	if (status == STATUS_OK) {
		model_map(operation->space, at, at + align_up(operation->len_bytes, align),
			  operation->rights, operation->flags);
	}
}

static void range_commit(struct operation *operation, status_t status)
{
	struct space *space = operation->space;
	uint64_t at = operation->at, end = range_end(at, operation->len_bytes, PAGE_SIZE);
	bool is_good = end && !model_cuts_huge(space, at) && !model_cuts_huge(space, end);

	if (operation->kind == OPERATION_UNMAP) {
		expect(operation, status, is_good ? STATUS_OK : STATUS_EINVAL);
		model_unmap(space, at, is_good ? end : at);
	} else if (!operation->len_bytes &&
		   (operation->kind == OPERATION_DISCARD || at % PAGE_SIZE == 0)) {
		expect(operation, status, STATUS_OK);
	} else if (!is_good ||
		   (operation->kind == OPERATION_PROTECT && operation->rights & ~RIGHTS_ALL)) {
		expect(operation, status, STATUS_EINVAL);
	} else if (operation->kind == OPERATION_DISCARD) {
		expect(operation, status,
		       model_discard(space, at, end) ? STATUS_OK : STATUS_ENOMEM);
	} else if (!model_is_covered(space, at, end)) {
		expect(operation, status, STATUS_ENOMEM);
	} else {
		expect(operation, status, STATUS_OK);
		model_protect(space, at, end, operation->rights);
	}
}

static void brk_commit(struct operation *operation)
{
	struct space *space = operation->space;
	uint64_t old = align_up(space->heap_end, PAGE_SIZE),
		 new = align_up(operation->at, PAGE_SIZE);
	bool is_good = operation->at >= zones[ZONE_HEAP].start;

	if (is_good && new > old) {
		is_good = model_is_free(space, old, new);
		if (is_good) {
			model_map(space, old, new, RIGHT_READ | RIGHT_WRITE, 0);
		}
	} else if (is_good) {
		model_unmap(space, new, old);
	}
	space->heap_end = is_good ? operation->at : space->heap_end;
	if (operation->value != space->heap_end) {
		machine_die("break at %#lx, not at %#lx", operation->value, space->heap_end);
	}
}

static bool access_is_allowed(const struct operation *operation, const struct page *page)
{
	if (!page->is_mapped) {
		return false;
	}
	/* the processor cannot keep a page that may be written or executed from being read */
	if (operation->rights == RIGHT_READ) {
		return page->rights != 0;
	}
	return page->rights & operation->rights;
}

static void access_commit(struct operation *operation, status_t status)
{
	struct page *page = model_object_page(operation->space, &(uint64_t){ operation->at });
	bool is_write = operation->rights == RIGHT_WRITE;
	struct object *object;

	expect(operation, status, access_is_allowed(operation, page) ? STATUS_OK : STATUS_EFAULT);
	if (status) {
		return;
	}
	object = model_touch(operation->space, operation->at, is_write);
	if (is_write) {
		object->words[operation->word] = operation->value;
	} else if (object->words[operation->word] != operation->value) {
		machine_die("%#lx reads as %#lx, not %#lx", operation->at, operation->value,
			    object->words[operation->word]);
	}
}

static void write_words(const struct operation *operation, uint64_t from, uint64_t end)
{
	for (uint64_t page = align_down(from, PAGE_SIZE); page < end; page += PAGE_SIZE) {
		struct object *object = model_touch(operation->space, page, true);

		for (unsigned i = 0; i < NR_WORDS; i++) {
			uint64_t at = page + word_offset(object, i);

			if (at >= from && at < end) {
				object->words[i] = operation->data[(at - operation->at) / 8];
			}
		}
	}
}

/* In the pieces of as_write. */
static void write_commit(struct operation *operation, status_t status)
{
	uint64_t end = operation->at + operation->len_bytes, next;

	for (uint64_t from = operation->at; from < end; from = next) {
		next = MIN(end, align_down(from, PAGE_SIZE) + (uint64_t)AS_WRITE_PAGES * PAGE_SIZE);
		next = MIN(next, align_down(from, HUGE_SIZE) + HUGE_SIZE);
		for (uint64_t page = align_down(from, PAGE_SIZE); page < next; page += PAGE_SIZE) {
			const struct page *target = model_page(operation->space, page);

			if (!target || !target->is_mapped || target->flags & REGION_HUGE) {
				expect(operation, status, STATUS_EFAULT);
				return;
			}
			(void)model_touch(operation->space, page, true);
		}
		write_words(operation, from, next);
	}
	expect(operation, status, STATUS_OK);
}

static void lookup_commit(struct operation *operation, status_t status)
{
	uint64_t start = operation->at;
	const struct page *page = model_object_page(operation->space, &start);
	bool is_there = page->is_mapped && page->object && page->rights;
	uint32_t frame =
		objects[page->object].frame + (uint32_t)((operation->at - start) >> PAGE_SHIFT);

	expect(operation, status, is_there ? STATUS_OK : STATUS_EFAULT);
	if (is_there && operation->frame.pfn != frame) {
		machine_die("lookup of %#lx: frame %u, not %u", operation->at, operation->frame.pfn,
			    frame);
	}
}

static void create_commit(struct operation *operation, status_t status)
{
	struct space *child = operation->child;
	struct as *as = operation->created;

	expect(operation, status, STATUS_OK);
	if (operation->kind == OPERATION_CLONE) {
		child->as = as;
		model_clone(operation->space, child, operation->at);
		return;
	}
	*child = (struct space){ .as = as, .heap_end = zones[ZONE_HEAP].start };
	as->heap_start = as->heap_end = child->heap_end;
}

void operation_commit(struct operation *operation, status_t status)
{
	switch (operation->kind) {
	case OPERATION_CREATE:
	case OPERATION_CLONE: create_commit(operation, status); break;
	case OPERATION_PUT: model_put(operation->space); break;
	case OPERATION_MAP: map_commit(operation, status); break;
	case OPERATION_UNMAP:
	case OPERATION_PROTECT:
	case OPERATION_DISCARD: range_commit(operation, status); break;
	case OPERATION_BRK: brk_commit(operation); break;
	case OPERATION_ACCESS: access_commit(operation, status); break;
	case OPERATION_WRITE: write_commit(operation, status); break;
	case OPERATION_LOOKUP: lookup_commit(operation, status); break;
	}
}

void operation_check_failed(struct operation *operation)
{
	if (operation->created || operation->placed.uva || !pfn_is_none(operation->frame)) {
		machine_die("a call that failed wrote its result");
	}
	if (operation->kind == OPERATION_BRK && operation->value != operation->space->heap_end) {
		machine_die("a break that could not be moved is at %#lx", operation->value);
	}
	if (operation->space) {
		model_adopt(operation->space);
	}
}

bool operation_may_lack_memory(const struct operation *operation)
{
	enum { SMALL_CALL = 128 };
	uint64_t nr_usable = machine_nr_free();
	bool is_short = nr_usable < machine_nr_reserve() + SMALL_CALL;
	struct page *page = model_page(operation->space, operation->at);

	switch (operation->kind) {
	case OPERATION_CLONE: /* touches whatever is shared */
		return is_short || operation->space->as->has_huge;
	case OPERATION_ACCESS:
		return is_short || (page->flags & REGION_HUGE &&
				    (!machine_block_exists(HUGE_ORDER) ||
				     nr_usable < machine_nr_reserve() + HUGE_PAGES));
	default: return is_short;
	}
}

bool operation_may_have_allocated(const struct operation *operation)
{
	uint64_t end;

	switch (operation->kind) {
	case OPERATION_BRK: return operation->at >= zones[ZONE_HEAP].start;
	case OPERATION_MAP: return operation->len_bytes <= USER_TOP;
	case OPERATION_PROTECT:
		end = range_end(operation->at, operation->len_bytes, PAGE_SIZE);
		return end && model_is_covered(operation->space, operation->at, end);
	default: return operation->kind != OPERATION_DISCARD;
	}
}

void operation_note(const struct operation *operation, const char *where, unsigned step)
{
	machine_note(
		"%s, step %u: call %d, space %ld, how %d, at %#lx, %#lx bytes, rights %u, flags %u",
		where, step, operation->kind, operation->space ? operation->space - spaces : -1,
		operation->how, operation->at, operation->len_bytes, operation->rights,
		operation->flags);
}

void operations_end(void)
{
	for (unsigned i = 0; i < NR_SPACES; i++) {
		if (spaces[i].as) {
			struct operation put = { .kind = OPERATION_PUT, .space = &spaces[i] };

			operation_commit(&put, operation_run(&put));
		}
	}
}
