/* Servers that leave their callers alone. */
#define _GNU_SOURCE
#include "means.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bulwark.h"
#include "cpus.h"
#include "run.h"

enum { CALLERS = 3, YIELDS = 16, BRIEF_US = 300 };

static _Noreturn void call_once(long handle, void *page)
{
	struct bw_message message = { .words = { 1, 2, 3 }, .page = page, .place = page };
	long error = bw_ipc_call(handle, &message);

	means_progress();
	if (error && error != -EPIPE && error != -EFAULT && error != -EINVAL && error != -EBADF &&
	    !means_refused(error)) {
		complain("abandon: a call ends with %ld", error);
	}
	_exit(0);
}

/* Leaves in the middle: by its end, by another program, for another endpoint. */
static _Noreturn void serve_badly(const long *handles, uint64_t how, void *place)
{
	struct bw_message message = { .place = how & 8 ? place : NULL };
	char *none[] = { NULL };

	(void)bw_ipc_receive(handles[0], &message);
	if (how & 4) {
		message.page = message.page && how & 8 ? place : NULL;
		message.place = place;
		(void)bw_ipc_reply_receive(handles[0], &message);
	}
	switch (how % 4) {
	case 0: break;
	case 1: execve("bin/nothing", none, none); break;
	case 2: (void)bw_ipc_receive(handles[0], &message); break;
	default:
		if (fork() == 0) {
			call_once(handles[1], NULL);
		}
		message.page = NULL;
		(void)bw_ipc_reply_receive(handles[1], &message);
	}
	_exit(0);
}

void means_abandon(uint64_t argument)
{
	char *pages = means_pages(2, argument & 1);
	long handles[2] = { bw_endpoint_create(), bw_endpoint_create() };
	pid_t pids[CALLERS + 1];

	if (!pages || handles[0] < 0 || handles[1] < 0) {
		return;
	}
	pages[0] = 1;
	for (unsigned i = 0; i <= CALLERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			cpus_pin((int)(runner.worker + i) % cpus_count());
			if (i == CALLERS) {
				serve_badly(handles, argument, pages + BW_PAGE_SIZE);
			}
			call_once(handles[0], argument & 8 ? pages + (i == 1) : NULL);
		}
		for (unsigned j = 0; j < YIELDS && i + 1 == CALLERS; j++) {
			sched_yield();
		}
	}
	/* the server first: whoever still waits then learns of it, or has never been served */
	for (unsigned i = CALLERS + 1; i-- > 0;) {
		usleep(BRIEF_US);
		if (pids[i] > 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
			means_progress();
		}
	}
	means_pages_free(pages, 2);
}
