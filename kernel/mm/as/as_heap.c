/* brk: the heap is an ordinary region that starts behind the program's data. */
#include "mm/as/as_change.h"
#include "mm/as/as_map.h"
#include "mm/table/layout.h"

/* Moves the end of the region. Caller began a change. */
static status_t resize(struct as *as, uint64_t wanted)
{
	uint64_t old_end = align_up(as->heap_end, PAGE_SIZE), new_end = align_up(wanted, PAGE_SIZE);
	uva_t at;

	if (new_end > old_end) {
		return as_map_begun(as, AS_MAP_FIXED_NOREPLACE, old_end, new_end - old_end,
				    RIGHT_READ | RIGHT_WRITE, 0, &at);
	}
	return new_end < old_end ? as_unmap_begun(as, (uva_t){ new_end }, old_end - new_end)
				 : STATUS_OK;
}

uint64_t as_brk(struct as *as, uint64_t wanted)
{
	uint64_t end;

	if (as_change_begin(as)) {
		return as->heap_start; /* the thread ends before it could look at this */
	}
	if (wanted >= as->heap_start && wanted <= USER_TOP && resize(as, wanted) == STATUS_OK) {
		as->heap_end = wanted;
	}
	end = as->heap_end;
	as_change_end(as);
	return end;
}
