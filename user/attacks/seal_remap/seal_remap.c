/*
 * Has the kernel map the frame of sealed memory anew, and write through that: into user memory,
 * then for itself. An argument, `kernel` or `user`, leaves it at one.
 */
#include <string.h>

#include "attack.h"

#define OTHER_VALUE 0x0bad0bad0bad0badul

static long write_through_kernel(const struct bw_sealed_object *target)
{
	attack_say("the kernel maps frame 0x%lx, which is sealed, for itself", target->pfn);
	return bw_vuln_kmap_write(target->pfn, target->object % BW_PAGE_SIZE, OTHER_VALUE);
}

static long write_through_user(const struct bw_sealed_object *target)
{
	void *page = attack_pages(BW_PAGE_SIZE);

	attack_say("the kernel maps frame 0x%lx, which is sealed, at %p", target->pfn, page);
	return bw_vuln_user_map_write(page, target->pfn, target->object % BW_PAGE_SIZE,
				      OTHER_VALUE);
}

int main(int argc, char *argv[])
{
	const char *only = argc > 1 ? argv[1] : NULL;
	struct bw_sealed sealed;
	const struct bw_sealed_object *target = &sealed.of_mode[BW_SEALED_RO];
	long status = -EPERM;

	attack_sealed(&sealed);
	if (only == NULL || strcmp(only, "user") == 0) {
		status = write_through_user(target);
	}
	if (status == -EPERM && (only == NULL || strcmp(only, "kernel") == 0)) {
		status = write_through_kernel(target);
	}
	attack_check("the mapping", status);
	return attack_finish();
}
