/* The call that tells in which state of the policy the frames are, group by group. */
#include "core/poll.h"
#include "mm/as/usercopy.h"
#include "mm/frame/frame.h"
#include "mm/table/policy.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/process/process.h"

static_assert((int)NR_POLICY_STATES == (int)BW_FRAME_STATES, "a count for every row of policy.def");
enum { FRAMES_PER_PIECE = 512 };
static_assert(BW_FRAME_GROUP_MAX <= UINT16_MAX, "a group of one state can be counted");

/*
 * The table is read without its lock: a frame that changes hands meanwhile is counted as it was
 * before or after.
 */
static status_t count_states(uint32_t first, uint32_t end, struct bw_frame_group *group)
{
	*group = (struct bw_frame_group){ { 0 } };
	for (uint32_t pfn = first; pfn < end; pfn++) {
		uint32_t known = MIN(frame_known(pfn), end);

		group->nr[STATE_RESERVED] += (uint16_t)(known - pfn);
		pfn = known;
		if (pfn < end) {
			group->nr[policy_state_of((pfn_t){ pfn })]++;
		}
		if (pfn % FRAMES_PER_PIECE == 0 && poll_call()) {
			return STATUS_EINTR;
		}
	}
	return STATUS_OK;
}

/* One call looks at BW_FRAME_GROUP_MAX frames at most. */
int64_t sys_frame_map(uint64_t first, uint64_t frames_per_group, uint64_t at, uint64_t nr_max)
{
	struct bw_frame_group group;
	uint64_t nr = 0;

	if (credentials_acting_uid(process_current()) != 0) {
		return STATUS_EPERM;
	}
	if (frames_per_group == 0 || frames_per_group > BW_FRAME_GROUP_MAX) {
		return STATUS_EINVAL;
	}
	nr_max = MIN(nr_max, BW_FRAME_GROUP_MAX / frames_per_group);
	for (; nr < nr_max && first < nr_frames; nr++) {
		uint64_t end = MIN(first + frames_per_group, (uint64_t)nr_frames);

		status_t status = count_states((uint32_t)first, (uint32_t)end, &group);

		if (status) {
			return status;
		}
		if (copy_to_user((uva_t){ at + nr * sizeof(group) }, &group, sizeof(group))) {
			return STATUS_EFAULT;
		}
		first = end;
	}
	return (int64_t)nr;
}
