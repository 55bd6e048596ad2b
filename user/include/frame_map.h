/* Who has the frames of physical memory, told by the kernel in the words of policy.def. */
#pragma once

#include "bulwark.h"

/* Indices of struct bw_frame_group. */
enum bw_frame_state {
#define POLICY(state, direct_map, view, rights, second_view, second_rights, text) BW_STATE_##state,
#include "mm/table/policy.def"
#undef POLICY
	BW_NR_STATES
};

/*
 * Counts the frames from `first` on by state, in groups of frames_per_group, at most
 * BW_FRAME_GROUP_MAX; the last group may be smaller. Returns how many groups were filled in: no
 * more than make BW_FRAME_GROUP_MAX frames, 0 behind the last frame. -EPERM unless uid 0. Other
 * processors go on meanwhile.
 */
static inline long bw_frame_map(uint64_t first, size_t frames_per_group,
				struct bw_frame_group *groups, size_t nr_max)
{
	return bw_call_frame_map((long)first, (long)frames_per_group, (long)groups, (long)nr_max);
}
