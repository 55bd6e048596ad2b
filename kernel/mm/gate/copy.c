/* In the gate: copy on write. */
#include "mm/gate/pages.h"

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

/* The entry of a page, a frame that gets its contents, is it a grant's? The page is parked. */
uint64_t gate_page_copy(uint64_t entry, uint64_t copy, uint64_t is_granted, uint64_t unused3)
{
	struct place place;
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused3;
	if (!page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	if (place.level == 1 && (is_granted || page_is_ours(&place))) {
		pte_t *at = gate_table_open(PLACE_ONE, place.table) + place.index;
		pte_t old = pte_read(at);

		refusal = !pte_holds_frame(old)                               ? GATE_NOT_FOR_IT
			  : !copy_take((pfn_t){ (uint32_t)copy }, place.root) ? GATE_NO_FRAME
									      : GATE_DONE;
		if (!refusal) {
			gate_copy((pfn_t){ (uint32_t)copy }, pte_frame(old));
			(void)pages_park_raw(at, 1);
		}
		gate_table_close(PLACE_ONE);
	}
	gate_unlock_root(place.root);
	return refusal;
}

void page_replace_raw(pte_t *entry, pte_t pte, struct released *out)
{
	out->nr = 0;
	(void)pages_release_raw(entry, 1, false, out);
	(void)page_map_raw(entry, pte);
}

/* A parked page's entry, the fresh page's that comes instead, is it a grant's? What became free is
 * the answer. */
uint64_t gate_page_replace(uint64_t entry, uint64_t value, uint64_t is_granted, uint64_t unused3)
{
	struct place place;
	pte_t pte = { value };
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused3;
	if (!page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	if (place.level == 1 && (is_granted || page_is_ours(&place))) {
		pte_t *at = gate_table_open(PLACE_ONE, place.table) + place.index;
		pte_t old = pte_read(at);

		refusal = !leaf_has_rights(pte, 1)                          ? GATE_NOT_FOR_IT
			  : pte_is_present(old) || !pte_holds_frame(old)    ? GATE_IN_USE
			  : !frame_map_first(pte_frame(pte), 1, place.root) ? GATE_NO_FRAME
									    : GATE_DONE;
		if (!refusal) {
			(void)pages_release_raw(at, 1, false, answer_begin());
			gate_put(at, pte);
		}
		gate_table_close(PLACE_ONE);
	}
	gate_unlock_root(place.root);
	return refusal;
}
