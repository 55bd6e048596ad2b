/* The call that tells what a root maps. */
#include "core/poll.h"
#include "core/rendezvous.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/as/usercopy.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/table/layout.h"
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
