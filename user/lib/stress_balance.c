/* The stress program looks at the books: by audit meanwhile, and by count in the end. */
#include <stdio.h>

#include "memory.h"
#include "stress.h"

enum {
	/* Slabs that are partly in use, and the tables of the stacks' addresses. */
	KEPT_FRAMES = 32,
	KEPT_TABLES = 12,
};

enum stress_result stress_audit(void)
{
	struct bw_audit result;

	if (bw_audit(&result) < 0) {
		return stress_complain("the audit does not run");
	}
	return result.nr_violations == 0 ? STRESS_DONE
					 : stress_complain("audit: %lu violations, the first: %s",
							   result.nr_violations, result.first);
}

static void compare(const char *what, uint64_t before, uint64_t after, uint64_t allowed)
{
	if (after > before + allowed) {
		stress_complain("%s: %lu before, %lu afterwards", what, before, after);
	}
}

/* Neither free nor owned, as far as the counts tell. */
static uint64_t unowned(const struct bw_memory_info *info)
{
	return info->nr_frames_usable - info->nr_free_revealed - info->nr_free_hidden -
	       info->nr_user - info->nr_ptable - info->nr_kernel;
}

/* All frames must be back. */
void stress_check_memory(const struct bw_memory_info *before)
{
	struct bw_memory_info after = memory_settled(before->nr_processes);

	compare("processes", before->nr_processes, after.nr_processes, 0);
	compare("frames of programs", before->nr_user, after.nr_user, 0);
	compare("page tables", before->nr_ptable, after.nr_ptable, KEPT_TABLES);
	compare("frames of the kernel", before->nr_kernel, after.nr_kernel, KEPT_FRAMES);
	compare("frames that nobody has", unowned(before), unowned(&after), 0);
	printf("frames: programs %lu -> %lu, page tables %lu -> %lu, kernel %lu -> %lu, "
	       "free %lu -> %lu\n",
	       before->nr_user, after.nr_user, before->nr_ptable, after.nr_ptable,
	       before->nr_kernel, after.nr_kernel,
	       before->nr_free_revealed + before->nr_free_hidden,
	       after.nr_free_revealed + after.nr_free_hidden);
}
