/* In the gate: what pages get: copies on write, and bytes; and what nobody maps is zeroed. */
#include "mm/gate/pages.h"
#include "mm/window.h"

static bool copy_take(pfn_t copy, uint32_t root)
{
	union frame_word from;

	if (!pfn_is_valid(copy)) {
		return false;
	}
	from = state_of(copy);
	return frame_is_for(from.frame, root, 0) &&
	       state_change(copy, from,
			    (struct frame){ .owner = OWNER_USER,
					    .flags = from.frame.flags | FRAME_FRESH,
					    .number = root });
}

/* What is done with an entry for a page of 4 KiB, with its value, and another word. */
typedef uint64_t act(const struct place *place, pte_t *at, pte_t old, uint64_t what);

/* Under the lock, for whoever may. */
static uint64_t at_page(uint64_t entry, uint64_t what, act *act)
{
	struct place place;
	uint64_t refusal = GATE_NOT_OURS;

	if (!page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	if (place.level == 1 && place_is_ours(&place)) {
		pte_t *at = gate_table_open(PLACE_ONE, place.table) + place.index;

		refusal = act(&place, at, pte_read(at), what);
		gate_table_close(PLACE_ONE);
	}
	gate_unlock_root(place.root);
	return refusal;
}

static uint64_t copy_from(const struct place *place, pte_t *at, pte_t old, uint64_t copy)
{
	pfn_t frame = { (uint32_t)copy };

	if (!pte_holds_frame(old)) {
		return GATE_NOT_FOR_IT;
	}
	if (!copy_take(frame, place->root)) {
		return GATE_NO_FRAME;
	}
	gate_copy(frame, pte_frame(old));
	(void)pages_park_raw(at, 1);
	return GATE_DONE;
}

/* The entry of a page, a frame that gets its contents. The page is parked. */
uint64_t gate_page_copy(uint64_t entry, uint64_t copy, uint64_t unused2, uint64_t unused3)
{
	(void)unused2;
	(void)unused3;
	return at_page(entry, copy, copy_from);
}

void page_replace_raw(pte_t *entry, pte_t pte, struct released *out)
{
	out->nr = 0;
	(void)pages_release_raw(entry, 1, false, out);
	(void)page_map_raw(entry, pte);
}

static uint64_t replace(const struct place *place, pte_t *at, pte_t old, uint64_t value)
{
	pte_t pte = { value };

	if (!leaf_has_rights(pte, 1)) {
		return GATE_NOT_FOR_IT;
	}
	if (pte_is_present(old) || !pte_holds_frame(old)) {
		return GATE_IN_USE;
	}
	if (!frame_map_first(pte_frame(pte), 1, place->root)) {
		return GATE_NO_FRAME;
	}
	(void)pages_release_raw(at, 1, false, answer_begin());
	gate_put(at, pte);
	return GATE_DONE;
}

/* A parked page's entry, the fresh page's that comes instead. What became free is the answer. */
uint64_t gate_page_replace(uint64_t entry, uint64_t value, uint64_t unused2, uint64_t unused3)
{
	(void)unused2;
	(void)unused3;
	return at_page(entry, value, replace);
}

/* A page of 4 KiB that one entry names, this one. */
static bool page_is_alone(pte_t pte)
{
	pfn_t pfn = pte_frame(pte);
	struct frame frame = state_of(pfn).frame;

	return pte_holds_frame(pte) && frame.owner == OWNER_USER && !frame.order &&
	       !(frame.flags & (FRAME_FRESH | FRAME_TAIL)) && frame.refs == 1;
}

static uint64_t write(const struct place *place, uint64_t offset, const void *from, uint64_t len)
{
	uint64_t nr = (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	pfn_t targets[WINDOW_PAGES];
	const pte_t *entries;

	if (place->level != 1 || !place_is_ours(place)) {
		return GATE_NOT_OURS;
	}
	if (offset >= PAGE_SIZE || len > WINDOW_PAGES * PAGE_SIZE || nr > WINDOW_PAGES ||
	    nr > PTES_PER_TABLE - place->index) {
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

/* First entry, an offset in its page, bytes of the kernel's, how many. */
uint64_t gate_pages_write(uint64_t first, uint64_t offset, uint64_t from, uint64_t len)
{
	struct place place;
	uint64_t refusal;

	if (!page_lock(first, &place)) {
		return GATE_NO_TABLE;
	}
	refusal = write(&place, offset, (const void *)from, len);
	gate_unlock_root(place.root);
	return refusal;
}

/* Part of a page of 2 MiB that no entry names: on its way to the first, or from the last. */
static bool is_unmapped_large(uint64_t first, uint64_t nr)
{
	pfn_t head = { (uint32_t)align_down(first, 1ul << HUGE_ORDER) };
	struct frame frame;

	if (first >= nr_frames || !pfn_is_valid(head) || !nr || nr > WINDOW_PAGES ||
	    first + nr > head.pfn + (1ul << HUGE_ORDER)) {
		return false;
	}
	frame = state_of(head).frame;
	return frame.owner == OWNER_USER && frame.order == HUGE_ORDER && !frame.refs;
}

/* First frame, how many. */
uint64_t gate_frames_clear(uint64_t first, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	(void)unused2;
	(void)unused3;
	if (!is_unmapped_large(first, nr)) {
		return GATE_IN_USE;
	}
	gate_zero_range((pfn_t){ (uint32_t)first }, (unsigned)nr);
	return GATE_DONE;
}
