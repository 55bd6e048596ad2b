/* Walks the frames by owner and compares. */
#include "mm/watch/scan.h"

#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"

/* As if the bytes were in memory at any alignment. */
static uint64_t word_at(const char *at)
{
	uint64_t word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

static void scan(const char *start, size_t len_bytes, size_t step, enum owner owner,
		 uint64_t inverse, struct bw_scan *out)
{
	out->nr_bytes += len_bytes;
	for (const char *at = start; at + sizeof(inverse) <= start + len_bytes; at += step) {
		if ((word_at(at) ^ inverse) != UINT64_MAX) {
			continue;
		}
		if (!out->nr_found++) {
			out->address = (uint64_t)at;
			string_copy(out->owner, owner_name(owner), sizeof(out->owner));
		}
	}
}

/* The entry text is in the image, not in the direct map; nobody writes it. */
static bool is_scanned(pfn_t frame)
{
	enum policy_state state = policy_state_of(frame);

	return state == STATE_KERNEL || state == STATE_PTABLE || state == STATE_ENTRY;
}

void scan_kernel_memory(uint64_t inverse, enum scan_reach reach, struct bw_scan *out)
{
	memset(out, 0, sizeof(*out));
	FOR_EACH_FRAME (i) {
		pfn_t frame = { i };

		if (is_scanned(frame)) {
			scan(direct_map_pointer(frame), PAGE_SIZE, 1, frames[i].owner, inverse,
			     out);
		} else if (reach == SCAN_FREED && policy_state_of(frame) == STATE_FREE_REVEALED) {
			scan(direct_map_pointer(frame), PAGE_SIZE, sizeof(inverse), OWNER_FREE,
			     inverse, out);
		}
	}
	scan(ro_after_init_end, (size_t)(image_end - ro_after_init_end), 1, OWNER_RESERVED, inverse,
	     out);
}
