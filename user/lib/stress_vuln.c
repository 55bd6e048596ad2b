/* Rounds of the stress program that use vulnerable calls, where there are any. */
#include <signal.h>
#include <sys/mman.h>

#include "attack.h"
#include "stress.h"

/* Calls that the process does not survive. */
static int die_in_kernel(void *argument)
{
	struct bw_leak leak;
	static uint64_t page[BW_PAGE_SIZE / sizeof(uint64_t)]
		__attribute__((aligned(BW_PAGE_SIZE)));

	page[0] = 0;
	if (bw_vuln_leak(&leak) < 0) {
		return ATTACK_EXIT_DENIED;
	}
	switch (*(unsigned int *)argument) {
	case 0: bw_vuln_jump(8); break;
	case 1: bw_vuln_read(8); break;
	case 2: bw_vuln_write(leak.image_base, 0); break;
	case 3: bw_vuln_pivot(8); break;
	default: bw_vuln_call(attack_synonym(&leak, page)); break;
	}
	return 0;
}

enum stress_result stress_vuln(void)
{
	unsigned int how = stress_random(5);
	int status = child_run(die_in_kernel, &how);

	if (child_exit_code(status) == ATTACK_EXIT_DENIED) {
		return STRESS_REFUSED;
	}
	return stress_expect_signal("a process that the kernel faulted for", status, SIGSEGV);
}

/* Frames of others, which come and go meanwhile. */
enum stress_result stress_kmap(void)
{
	struct bw_memory_info info;

	bw_memory_info(&info);
	for (int i = 0; i < 100; i++) {
		if (bw_vuln_kmap_read(stress_random((unsigned int)info.nr_pfn), 0) == -ENOSYS) {
			return STRESS_REFUSED;
		}
	}
	return STRESS_DONE;
}
