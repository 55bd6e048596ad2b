/* Outside the gate: what becomes of pages of a user half, as calls of operations; with ptprot=off
 * as plain stores. */
#include "core/cpu.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/gate/operations.h"

static inline bool is_open(void) { return gate_in_force == ptprot_off; }

/* What the last operation on this processor left there, behind what *out has. Returns where that
 * is. */
static const struct released *answer_add(struct released *out)
{
	const struct released *answer =
		(const struct released *)(gate_stack_top(this_cpu()->id) - gate_distance +
					  GATE_ANSWER_OFFSET);

	out->order = answer->order;
	for (unsigned i = 0; i < answer->nr && out->nr < RELEASED_MAX; i++) {
		out->frames[out->nr++] = answer->frames[i];
	}
	return answer;
}

/* That frame is none that may come there: false. */
static __attribute__((noinline)) bool is_wrong_frame(enum gate_operation operation,
						     const pte_t *entry, uint64_t result)
{
	if ((result & GATE_REFUSAL) != GATE_NO_FRAME) {
		gate_refused(operation, result, (uint64_t)entry);
	}
	return false;
}

static inline bool is_right(enum gate_operation operation, const pte_t *entry, uint64_t result)
{
	return LIKELY(!(result & GATE_REFUSAL)) || is_wrong_frame(operation, entry, result);
}

bool page_map(pte_t *entry, pte_t pte)
{
	if (is_open()) {
		page_map_raw(entry, pte);
		return true;
	}
	return is_right(GATE_PAGE_MAP, entry,
			gate_try(GATE_PAGE_MAP, (uint64_t)entry, pte.value, 0, 0));
}

bool page_clone(pte_t *from, pte_t *to, pfn_t copy)
{
	if (!is_open()) {
		return is_right(
			GATE_PAGE_CLONE, from,
			gate_try(GATE_PAGE_CLONE, (uint64_t)from, (uint64_t)to, copy.pfn, 0));
	}
	page_clone_raw(from, to, copy);
	return true;
}

bool page_replace(pte_t *entry, pte_t pte, struct released *out)
{
	if (is_open()) {
		page_replace_raw(entry, pte, out);
		return true;
	}
	out->nr = 0;
	if (!is_right(GATE_PAGE_REPLACE, entry,
		      gate_try_flushed(GATE_PAGE_REPLACE, entry, pte.value, entry))) {
		return false;
	}
	(void)answer_add(out);
	return true;
}

unsigned pages_park(pte_t *entries, unsigned nr, uint64_t address)
{
	if (is_open()) {
		return pages_park_raw(entries, nr);
	}
	return (unsigned)(gate_call(GATE_PAGES_PARK, (uint64_t)entries, nr, address, 0) >>
			  GATE_VALUE_SHIFT);
}

unsigned pages_release(pte_t *entries, unsigned nr, bool is_large, struct released *out)
{
	uint64_t result;

	if (is_open()) {
		return pages_release_raw(entries, nr, is_large, out);
	}
	result = gate_try_flushed(GATE_PAGES_RELEASE, entries, nr, entries);
	if (UNLIKELY(result & GATE_REFUSAL)) {
		gate_refused(GATE_PAGES_RELEASE, result, (uint64_t)entries);
	}
	(void)answer_add(out);
	return (unsigned)(result >> GATE_VALUE_SHIFT);
}

void pages_move(pte_t *from, pte_t *to, unsigned nr, bool is_present)
{
	if (is_open()) {
		(void)pages_move_raw(from, to, nr, is_present);
	} else {
		(void)gate_call(GATE_PAGES_MOVE, (uint64_t)from, (uint64_t)to, nr, is_present);
	}
}

bool page_consent(pte_t *entry, uint64_t mark)
{
	if (is_open()) {
		pte_t pte = pte_without(pte_read(entry), PTE_OFFERED | PTE_ACCEPTS);

		gate_put(entry, pte_with(pte, mark));
		return true;
	}
	return !(gate_try(GATE_PAGE_CONSENT, (uint64_t)entry, mark, 0, 0) & GATE_REFUSAL);
}

bool page_give(pte_t *from, pte_t *to, struct released *out)
{
	out->nr = 0;
	if (is_open()) {
		(void)page_give_raw(from, to, out);
		return true;
	}
	if (gate_try_flushed(GATE_PAGE_GIVE, from, (uint64_t)to, to) & GATE_REFUSAL) {
		return false;
	}
	(void)answer_add(out);
	return true;
}

void root_empty(pfn_t root, uint64_t at, uint64_t end, uint64_t next, struct emptied *out)
{
	const struct emptied *answer;

	if (is_open()) {
		root_empty_raw(root, at, end, next, out);
		return;
	}
	(void)gate_call(GATE_ROOT_EMPTY, root.pfn, at, end, next);
	out->released.nr = 0;
	answer = (const struct emptied *)answer_add(&out->released);
	out->next = answer->next;
	out->nr_pages = answer->nr_pages;
	out->nr_tables = MIN(answer->nr_tables, (uint32_t)ARRAY_SIZE(out->tables));
	for (unsigned i = 0; i < out->nr_tables; i++) {
		out->tables[i] = answer->tables[i];
	}
}

static unsigned nr_pages_of(uint64_t address, uint64_t len_bytes)
{
	return (unsigned)((address % PAGE_SIZE + len_bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static void write_openly(const pte_t *entries, uint64_t address, const void *from,
			 uint64_t len_bytes)
{
	unsigned nr = MIN(nr_pages_of(address, len_bytes), (unsigned)RELEASED_MAX);
	pfn_t targets[RELEASED_MAX];

	for (unsigned i = 0; i < nr; i++) {
		targets[i] = pte_frame(pte_read(&entries[i]));
	}
	window_write(targets, nr, address % PAGE_SIZE, from, len_bytes);
}

void pages_write(const pte_t *entries, uint64_t address, const void *from, uint64_t len_bytes)
{
	if (is_open()) {
		write_openly(entries, address, from, len_bytes);
	} else {
		(void)gate_call(GATE_PAGES_WRITE, (uint64_t)entries, address, (uint64_t)from,
				len_bytes);
	}
}

void program_load(pfn_t root, const pte_t *entries, uint64_t address, const void *from,
		  uint64_t len_bytes)
{
	if (is_open()) {
		write_openly(entries, address, from, len_bytes);
	} else {
		(void)gate_call(GATE_PROGRAM_LOAD, root.pfn, nr_pages_of(address, len_bytes), 0, 0);
	}
}

void large_take(pfn_t first) { (void)gate_call(GATE_LARGE_TAKE, first.pfn, 0, 0, 0); }

void large_free(pfn_t first) { (void)gate_call(GATE_LARGE_FREE, first.pfn, 0, 0, 0); }

bool large_is_clear(pfn_t first)
{
	return frame_entry(pfn_add(first, 1))->number == (1u << HUGE_ORDER) / LARGE_PIECE;
}

void large_clear(pfn_t first, uint32_t piece)
{
	(void)gate_call(GATE_LARGE_CLEAR, first.pfn, piece, 0, 0);
}

bool large_copy(const pte_t *entry, pfn_t copy, uint32_t piece)
{
	if (is_open()) {
		window_copy(pfn_add(copy, piece * LARGE_PIECE),
			    pfn_add(pte_frame(pte_read(entry)), piece * LARGE_PIECE),
			    LARGE_PIECE_ORDER);
		return true;
	}
	return !(gate_try(GATE_LARGE_COPY, (uint64_t)entry, copy.pfn, piece, 0) & GATE_REFUSAL);
}

/* With ptprot=off the references of a frame are ordinary memory. */
static bool hold_open(pfn_t frame)
{
	uint32_t refs = __atomic_load_n(&frame_entry(frame)->refs, __ATOMIC_RELAXED);

	while (refs && !__atomic_compare_exchange_n(&frame_entry(frame)->refs, &refs, refs + 1,
						    false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {}
	return refs;
}

bool frame_hold(pfn_t frame)
{
	return is_open() ? hold_open(frame)
			 : !(gate_try(GATE_FRAME_HOLD, frame.pfn, 0, 0, 0) & GATE_REFUSAL);
}

bool frame_let_go(struct released *out)
{
	out->nr = 0;
	if (is_open() || gate_try(GATE_FRAME_HOLD, 0, 0, 0, 0) & GATE_REFUSAL) {
		return false;
	}
	(void)answer_add(out);
	return true;
}

bool pool_pages_seal(pte_t *entries, unsigned nr)
{
	uint64_t result;

	if (is_open()) {
		return pool_pages_seal_raw(entries, nr);
	}
	result = gate_try(GATE_POOL_SEAL, (uint64_t)entries, nr, 0, 0);
	if (UNLIKELY(result && result != GATE_NOT_YET)) {
		gate_refused(GATE_POOL_SEAL, result, (uint64_t)entries);
	}
	return !result;
}
