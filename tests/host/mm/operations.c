/* Draws and runs operations. */
#include "mm/operations.h"

#include <string.h>

#include "mm/frame/frame_alloc.h"
#include "mm/machine.h"
#include "mm/user_tlb.h"
#include "random.h"

enum { WRITE_PAGES_MAX = 80, TRIES_MAX = 2 };

bool operations_are_short;
static uint64_t write_data[WRITE_PAGES_MAX * PAGE_SIZE / sizeof(uint64_t)];

static struct space *space_draw(bool is_used)
{
	for (unsigned tries = 0; tries < 32; tries++) {
		struct space *space = &spaces[random_below(NR_SPACES)];

		if (!space->as == !is_used) {
			return space;
		}
	}
	return NULL;
}

static uint64_t page_draw(enum zone zone)
{
	uint32_t nr = zones[zone].nr_pages, page = (uint32_t)random_below(nr);

	if (zone == ZONE_ANYWHERE && random_below(4)) {
		page = nr - 1 - (uint32_t)random_below(64);
	}
	return zones[zone].start + (uint64_t)page * PAGE_SIZE;
}

static void range_draw(struct operation *operation)
{
	enum zone zone = (enum zone)random_below(NR_ZONES);
	uint64_t end = zones[zone].start + (uint64_t)zones[zone].nr_pages * PAGE_SIZE, nr_left;

	operation->at = page_draw(zone);
	if (operation->flags & REGION_HUGE || (zone == ZONE_HUGE && random_below(4))) {
		zone = ZONE_HUGE;
		operation->at = zones[zone].start + random_below(3) * HUGE_SIZE;
		operation->len_bytes = (1 + random_below(2)) * HUGE_SIZE;
		end = zones[zone].start + 3 * HUGE_SIZE;
	} else {
		operation->len_bytes =
			(random_below(8) ? 1 + random_below(16) : ZONE_PAGES_MAX) * PAGE_SIZE;
	}
	nr_left = end - operation->at;
	operation->len_bytes = MIN(operation->len_bytes, nr_left);
	if (random_below(4) == 0) {
		operation->len_bytes -= random_below(PAGE_SIZE);
	}
}

/* Arguments that the kernel must refuse, or just not trip over. */
static void spoil(struct operation *operation)
{
	switch (random_below(8)) {
	case 0: operation->at += 8; break;
	case 1: operation->len_bytes = 0; break;
	case 2:
		operation->len_bytes = USER_TOP + 1 + random_below(2) * (UINT64_MAX - USER_TOP - 1);
		break;
	case 3: operation->at = random_below(USER_MIN / PAGE_SIZE) * PAGE_SIZE; break;
	case 4:
		operation->at = USER_TOP - PAGE_SIZE;
		operation->len_bytes = 2 * PAGE_SIZE;
		break;
	case 5: operation->at = align_down(random_next(), PAGE_SIZE) | 1ul << 63; break;
	case 6: operation->rights |= 8; break;
	default: operation->at += PAGE_SIZE / 2; break;
	}
}

static void map_draw(struct operation *operation)
{
	uint64_t align;

	operation->how = (enum as_map_how)random_below(4);
	operation->flags =
		(random_below(4) ? 0 : REGION_SHARED) | (random_below(5) ? 0 : REGION_HUGE);
	align = operation->flags & REGION_HUGE ? HUGE_SIZE : PAGE_SIZE;
	range_draw(operation);
	if (random_below(16) == 0) {
		spoil(operation);
	}
	if (operation->how == AS_MAP_ANYWHERE || operation->how == AS_MAP_HINT) {
		/* the kernel would find room where the model has no pages */
		if (operation->len_bytes <= ZONE_PAGES_MAX * PAGE_SIZE &&
		    !model_find_gap(operation->space, align_up(operation->len_bytes, align),
				    align)) {
			operation->kind = OPERATION_LOOKUP;
			operation->at = zones[ZONE_LOW].start;
		}
	}
}

static void access_draw(struct operation *operation)
{
	static const unsigned rights[] = { RIGHT_READ, RIGHT_WRITE, RIGHT_WRITE, RIGHT_EXECUTE };
	struct page *page;

	for (unsigned tries = 0; tries < 16; tries++) {
		operation->at = page_draw((enum zone)random_below(NR_ZONES));
		page = model_object_page(operation->space, &operation->at);
		if (random_below(8) == 0 ||
		    (page->is_mapped && (page->object || random_below(2)))) {
			break;
		}
	}
	operation->rights = rights[random_below(ARRAY_SIZE(rights))];
	operation->word = (unsigned)random_below(NR_WORDS);
	operation->value = random_next();
	operation->at += word_offset(
		&(struct object){ .is_huge = page->flags & REGION_HUGE && page->is_mapped },
		operation->word);
}

static void write_draw(struct operation *operation)
{
	enum zone zone = (enum zone)random_below(NR_ZONES);
	uint64_t end = zones[zone].start + (uint64_t)zones[zone].nr_pages * PAGE_SIZE;
	uint64_t max_bytes =
		(random_below(8) || operations_are_short ? 3 : WRITE_PAGES_MAX) * PAGE_SIZE;

	operation->at =
		(zone == ZONE_MIDDLE && random_below(2) ? zones[zone].start : page_draw(zone)) +
		random_below(PAGE_SIZE / 8) * 8;
	operation->len_bytes = random_below(max_bytes / 8) * 8;
	operation->len_bytes = MIN(operation->len_bytes, end - operation->at);
	operation->data = write_data;
	for (size_t i = 0; i < operation->len_bytes / 8; i++) {
		write_data[i] = random_next();
	}
}

static enum operation_kind kind_draw(void)
{
	static const struct {
		enum operation_kind kind;
		unsigned weight;
	} weights[] = {
		{ OPERATION_CREATE, 2 },  { OPERATION_CLONE, 4 },  { OPERATION_PUT, 3 },
		{ OPERATION_MAP, 20 },    { OPERATION_UNMAP, 10 }, { OPERATION_PROTECT, 14 },
		{ OPERATION_DISCARD, 5 }, { OPERATION_BRK, 6 },    { OPERATION_ACCESS, 40 },
		{ OPERATION_WRITE, 12 },  { OPERATION_LOOKUP, 2 },
	};
	unsigned drawn = (unsigned)random_below(118), i = 0;

	while (drawn >= weights[i].weight) {
		drawn -= weights[i++].weight;
	}
	return weights[i].kind;
}

void operation_draw(struct operation *operation)
{
	*operation = (struct operation){ .kind = kind_draw(), .space = space_draw(true) };
	operation->child = space_draw(false);
	if (!operation->space) {
		operation->kind = OPERATION_CREATE;
	}
	if (!operation->child && operation->kind <= OPERATION_CLONE) {
		operation->kind = OPERATION_PUT;
	}
	operation->rights =
		(unsigned)(random_below(3) ? RIGHT_READ | RIGHT_WRITE : random_below(8));
	switch (operation->kind) {
	case OPERATION_MAP: map_draw(operation); break;
	case OPERATION_UNMAP:
	case OPERATION_PROTECT:
	case OPERATION_DISCARD:
		range_draw(operation);
		if (random_below(16) == 0) {
			spoil(operation);
		}
		break;
	case OPERATION_BRK:
		operation->at = zones[ZONE_HEAP].start - PAGE_SIZE + random_below(65 * PAGE_SIZE);
		break;
	case OPERATION_CLONE:
	case OPERATION_ACCESS:
	case OPERATION_LOOKUP: access_draw(operation); break;
	case OPERATION_WRITE: write_draw(operation); break;
	default: break;
	}
}

/* A user's load, store or fetch, page faults included. */
static status_t access_run(struct operation *operation)
{
	bool is_fresh = !model_object_page(operation->space, &(uint64_t){ operation->at })->object;
	struct as *as = operation->space->as;
	pfn_t frame;

	for (unsigned tries = 0; !user_tlb_access(as, operation->at, operation->rights, &frame);
	     tries++) {
		status_t status = as_fault(as, (uva_t){ operation->at }, operation->rights);

		if (status) {
			return status;
		}
		if (tries == TRIES_MAX) {
			machine_die("page %#lx: the fault was resolved, and comes again",
				    operation->at);
		}
	}
	if (is_fresh && !machine_is_zero(frame, 0)) {
		machine_die("page %#lx is new and not zero", operation->at);
	}
	memcpy(operation->rights & RIGHT_WRITE
		       ? (char *)machine_ram(frame) + operation->at % PAGE_SIZE
		       : (char *)&operation->value,
	       operation->rights & RIGHT_WRITE
		       ? (char *)&operation->value
		       : (char *)machine_ram(frame) + operation->at % PAGE_SIZE,
	       8);
	return STATUS_OK;
}

static void put_run(struct space *space)
{
	as_get(space->as);
	as_put(space->as);
	user_tlb_leave(space->as);
	as_put(space->as);
}

static status_t clone_run(struct operation *operation)
{
	status_t status;

	machine_is_forking = true;
	status = as_clone(operation->space->as, (uva_t){ operation->at }, &operation->created);
	machine_is_forking = false;
	return status;
}

status_t operation_run(struct operation *operation)
{
	struct as *as = operation->space ? operation->space->as : NULL;
	uva_t at = { operation->at };

	operation->created = NULL;
	operation->placed = (uva_t){ 0 };
	operation->frame = PFN_NONE;
	switch (operation->kind) {
	case OPERATION_CREATE: return as_create(&operation->created);
	case OPERATION_CLONE: return clone_run(operation);
	case OPERATION_PUT: put_run(operation->space); return STATUS_OK;
	case OPERATION_MAP:
		return as_map(as, operation->how, operation->at, operation->len_bytes,
			      operation->rights, operation->flags, &operation->placed);
	case OPERATION_UNMAP: return as_unmap(as, at, operation->len_bytes);
	case OPERATION_PROTECT: return as_protect(as, at, operation->len_bytes, operation->rights);
	case OPERATION_DISCARD: return as_discard(as, at, operation->len_bytes);
	case OPERATION_BRK:
		operation->value = as_brk(as, operation->at);
		return operation->value == operation->at ? STATUS_OK : STATUS_ENOMEM;
	case OPERATION_ACCESS: return access_run(operation);
	case OPERATION_WRITE: return as_write(as, at, operation->data, operation->len_bytes);
	case OPERATION_LOOKUP: return as_lookup(as, at, &operation->frame);
	}
	return STATUS_EINVAL;
}
