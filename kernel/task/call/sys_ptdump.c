/* Calls that tell what a root maps, and what the frames are. */
#include "core/poll.h"
#include "core/rendezvous.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/as/usercopy.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame.h"
#include "mm/frame/frame_alloc.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"
#include "mm/watch/ptdump.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/process/process.h"

enum { RANGES_MAX = PAGE_SIZE / sizeof(struct bw_range) };

/* With the other CPUs stopped: the root of this process, the caller's for 0. */
static status_t find_root(uint64_t pid, uint64_t which, pfn_t *root)
{
	struct process *process;
	status_t status = process_find_stopped(pid, &process);

	if (status == STATUS_OK) {
		*root = pfn_add(process->as->root, which == BW_ROOT_SHADOW);
	}
	return status;
}

/* Piece by piece: the others are not stopped for long. EINTR: the thread must end. */
static status_t collect(uint64_t pid, uint64_t which, struct ptdump *dump)
{
	bool is_full = false;
	status_t status;

	do {
		pfn_t root;

		rendezvous_stop_others();
		status = find_root(pid, which, &root);
		if (status == STATUS_OK) {
			is_full = ptdump_collect(root, dump);
		}
		rendezvous_release();
		if (status == STATUS_OK && poll_call()) {
			status = STATUS_EINTR;
		}
	} while (status == STATUS_OK && !is_full);
	return status;
}

int64_t sys_ptdump(uint64_t pid, uint64_t which, uint64_t start, uint64_t at, uint64_t nr_max)
{
	bool is_canonical = start < 1ul << 47 || start >= KERNEL_HALF;
	struct ptdump dump = { .address = start, .nr_max = (unsigned)MIN(nr_max, RANGES_MAX) };
	pfn_t buffer;
	status_t status;

	if (credentials_acting_uid(process_current()) != 0) {
		return STATUS_EPERM;
	}
	if (which > BW_ROOT_SHADOW || !is_canonical || start % PAGE_SIZE) {
		return STATUS_EINVAL;
	}
	status = frame_alloc_copied(0, &buffer);
	if (status) {
		return status;
	}
	dump.ranges = direct_map_pointer(buffer);
	status = collect(pid, which, &dump);
	if (status == STATUS_OK) {
		status = copy_to_user((uva_t){ at }, direct_map_pointer(buffer),
				      dump.nr * sizeof(struct bw_range));
	}
	frame_free_kernel(buffer, 0);
	return status ? status : (int64_t)dump.nr;
}

/* ---- In which state of the policy the frames are, group by group ---- */

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
