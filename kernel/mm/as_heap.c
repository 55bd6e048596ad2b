/* brk: the heap is an ordinary region that starts behind the program's data. */
#include "mm/as.h"
#include "mm/layout.h"

uint64_t as_brk(struct as *as, uint64_t wanted)
{
	uint64_t old_end = align_up(as->heap_end, PAGE_SIZE), new_end = align_up(wanted, PAGE_SIZE);
	uva_t at;
	status_t status = STATUS_OK;

	if (wanted < as->heap_start || wanted > USER_TOP) {
		return as->heap_end;
	}
	if (new_end > old_end) {
		status = as_map(as, AS_MAP_FIXED_NOREPLACE, old_end, new_end - old_end,
				RIGHT_READ | RIGHT_WRITE, 0, &at);
	} else if (new_end < old_end) {
		status = as_unmap(as, (uva_t){ new_end }, old_end - new_end);
	}
	if (status == STATUS_OK) {
		as->heap_end = wanted;
	}
	return as->heap_end;
}
