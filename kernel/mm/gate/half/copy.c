/* In the gate: what pages get: copies on write, and the bytes that a new program begins with. */
#include "mm/frame/window.h"
#include "mm/gate/half/pages.h"

void page_replace_raw(pte_t *entry, pte_t pte, struct released *out)
{
	out->nr = 0;
	window_copy(pte_frame(pte), pte_frame(pte_read(entry)), 0);
	(void)pages_release_raw(entry, 1, false, out);
	page_map_raw(entry, pte);
}

static uint64_t replace(const struct place *place, pte_t *at, pte_t pte)
{
	pte_t old = pte_read(at);

	if (!leaf_has_rights(pte, 1)) {
		return GATE_NOT_FOR_IT;
	}
	if (pte_is_present(old) || !pte_holds_frame(old)) {
		return GATE_IN_USE;
	}
	if (!half_is_complete(place->root)) {
		return GATE_NOT_YET;
	}
	if (!frame_map_first(pte_frame(pte), 1)) {
		return GATE_NO_FRAME;
	}
	gate_copy(pte_frame(pte), pte_frame(old), 1);
	(void)pages_release_raw(at, 1, false, answer_begin());
	gate_put(at, pte);
	return GATE_DONE;
}

/* A parked page's entry, that of its copy: which frame gets the contents and comes instead. What
 * became free is the answer. */
uint64_t gate_page_replace(uint64_t entry, uint64_t value, uint64_t unused2, uint64_t unused3)
{
	struct place place;
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused2;
	(void)unused3;
	if (!page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	if (place.level == 1 && place_is_ours(&place)) {
		refusal = replace(&place, gate_table_open(PLACE_ONE, place.table) + place.index,
				  (pte_t){ value });
		gate_table_close(PLACE_ONE);
	}
	gate_unlock_root(place.root);
	return refusal;
}

bool page_is_alone(pte_t pte)
{
	pfn_t pfn = pte_frame(pte);
	struct frame frame = state_of(pfn).frame;

	return pte_holds_frame(pte) && frame.owner == OWNER_USER && !frame.order &&
	       !(frame.flags & (FRAME_FRESH | FRAME_TAIL)) && frame.refs == 1;
}

/* A new address space; of one that is a program's the stack. */
static bool may_write(const struct place *place, uint64_t address, uint64_t len)
{
	return place_root_state(place) == ROOT_NEW
		       ? place_is_ours(place)
		       : place_is_program(place) && program_lets_write(place, address, len);
}

static uint64_t write(const struct place *place, uint64_t address, const void *from, uint64_t len)
{
	uint64_t offset = address % PAGE_SIZE, nr = (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	pfn_t targets[WINDOW_PAGES];
	const pte_t *entries;

	if (place->level != 1 || !may_write(place, address, len)) {
		return GATE_NOT_OURS;
	}
	if (len > WINDOW_PAGES * PAGE_SIZE || nr > WINDOW_PAGES ||
	    nr > PTES_PER_TABLE - place->index || !gate_may_read(from, len)) {
		return GATE_NO_TABLE;
	}
	entries = (const pte_t *)direct_map_pointer(place->table) + place->index;
	for (uint64_t i = 0; i < nr; i++) {
		pte_t pte = pte_read(&entries[i]);

		if (!page_is_alone(pte)) {
			return GATE_IN_USE;
		}
		targets[i] = pte_frame(pte);
	}
	gate_write(targets, (unsigned)nr, offset, from, len);
	return GATE_DONE;
}

/* First entry, an address in its page, bytes of the kernel's, how many. */
uint64_t gate_pages_write(uint64_t first, uint64_t address, uint64_t from, uint64_t len)
{
	struct place place;
	uint64_t refusal;

	if (!page_lock(first, &place)) {
		return GATE_NO_TABLE;
	}
	refusal = write(&place, address, (const void *)from, len);
	gate_unlock_root(place.root);
	return refusal;
}
