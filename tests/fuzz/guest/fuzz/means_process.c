/* Processes that call, wait for and end each other. */
#define _GNU_SOURCE
#include "means.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bulwark.h"
#include "cpus.h"
#include "run.h"

enum { NEXT = 1, BRIEF_US = 100, SOON_US = 1000, LONG_S = 1000, CHILDREN_MAX = 6 };
#define MARK 0x6d61726b00ul

/* A child that runs on the next processor; its pid, or -errno. */
static pid_t child_start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		cpus_pin((int)(runner.worker + NEXT) % cpus_count());
	}
	return pid < 0 ? -errno : pid;
}

/* Ended by a signal of somebody else's it has no result. */
static void expect_exit(const char *who, pid_t pid, int code)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid) {
		complain("%s: waiting for a child fails: %d", who, errno);
	} else if (WIFEXITED(status) && WEXITSTATUS(status) != code) {
		complain("%s: a child exited with %d, not %d", who, WEXITSTATUS(status), code);
	}
	means_progress();
}

/* ---- echo, gifts: calls and their replies, pages that move ---- */

static bool is_filled(const volatile uint64_t *page, uint64_t value)
{
	for (unsigned i = 0; i < BW_PAGE_SIZE / sizeof(*page); i += 64) {
		if (page[i] != value) {
			return false;
		}
	}
	return true;
}

static void fill(volatile uint64_t *page, uint64_t value)
{
	for (unsigned i = 0; i < BW_PAGE_SIZE / sizeof(*page); i += 64) {
		page[i] = value;
	}
}

/* Replies with the words plus one; a page comes back with each word plus one. */
static _Noreturn void serve(long handle, void *place)
{
	struct bw_message message = { .place = place };
	long pid = bw_ipc_receive(handle, &message);

	while (pid >= 0) {
		means_progress();
		for (unsigned i = 0; i < BW_NR_WORDS; i++) {
			message.words[i]++;
		}
		if (message.page) {
			if (!is_filled(place, message.words[0] - 1)) {
				complain("gifts: the page that came is another");
			}
			fill(place, message.words[0]);
		}
		message.page = place && message.page ? place : NULL;
		message.place = place;
		pid = bw_ipc_reply_receive(handle, &message);
	}
	_exit(0);
}

/* One call; false: no more can be made. */
static bool call(long handle, uint64_t round, void *page)
{
	struct bw_message message = { .page = page, .place = page };
	long error;

	for (unsigned i = 0; i < BW_NR_WORDS; i++) {
		message.words[i] = MARK + round + i;
	}
	if (page) {
		fill(page, message.words[0]);
	}
	error = bw_ipc_call(handle, &message);
	means_progress();
	if (error) {
		if (!means_refused(error) && error != -EPIPE) {
			complain("a call to an endpoint ends with %ld", error);
		}
		return false;
	}
	for (unsigned i = 0; i < BW_NR_WORDS; i++) {
		if (message.words[i] != MARK + round + i + 1) {
			complain("echo: word %u is 0x%lx", i, message.words[i]);
		}
	}
	if (page && !is_filled(page, MARK + round + 1)) {
		complain("gifts: the page that came back is another");
	}
	return true;
}

static void talk(uint64_t nr_rounds, bool with_pages)
{
	void *page = with_pages ? means_pages(2, false) : NULL;
	long handle = bw_endpoint_create();
	pid_t pid;

	if ((with_pages && !page) || handle < 0) {
		return;
	}
	pid = child_start();
	if (pid == 0) {
		serve(handle, with_pages ? (char *)page + BW_PAGE_SIZE : NULL);
	}
	for (uint64_t i = 0; pid > 0 && i <= nr_rounds && call(handle, i, page); i++) {}
	if (pid > 0) {
		kill(pid, SIGKILL);
		expect_exit("echo", pid, 0);
	}
	if (page) {
		means_pages_free(page, 2);
	}
}

void means_echo(uint64_t argument) { talk(argument * 2, false); }
void means_gifts(uint64_t argument) { talk(argument, true); }

/* ---- children, killed, rings, programs: ends ---- */

void means_children(uint64_t argument)
{
	pid_t pids[CHILDREN_MAX];
	unsigned nr = 0;

	while (nr <= argument % CHILDREN_MAX && nr < CHILDREN_MAX) {
		pids[nr] = child_start();
		if (pids[nr] == 0) {
			for (uint64_t i = 0; i < argument; i++) {
				sched_yield();
			}
			_exit((int)nr);
		}
		if (pids[nr] < 0) {
			break;
		}
		nr++;
	}
	while (nr > 0) {
		nr--;
		expect_exit("children", pids[nr], (int)nr);
	}
	if (waitpid(-1, NULL, 0) != -1 || errno != ECHILD) {
		complain("children: there are more than were made");
	}
}

static _Noreturn void wait_for_ever(uint64_t how)
{
	static volatile uint32_t word;
	struct bw_message message = { .page = NULL };
	struct timespec time = { .tv_sec = LONG_S };
	long handle = bw_endpoint_create();

	switch (how % 8) {
	case 0: pause(); break;
	case 1: means_futex(&word, 0, 0, 0, NULL); break;
	case 2: nanosleep(&time, NULL); break;
	case 3:
		if (fork() == 0) {
			pause();
		}
		wait(NULL);
		break;
	case 4:
		if (fork() == 0) { /* somebody could call */
			pause();
		}
		(void)bw_ipc_receive(handle, &message);
		break;
	case 5:
		if (fork() == 0) { /* somebody could reply */
			pause();
		}
		(void)bw_ipc_call(handle, &message);
		break;
	case 6:
		if (vfork() == 0) {
			for (;;) {
				syscall(SYS_pause);
			}
		}
		break;
	default:
		for (;;) {
			sched_yield();
		}
	}
	_exit(0);
}

void means_killed(uint64_t argument)
{
	pid_t pid = child_start();
	int status;

	if (pid == 0) {
		wait_for_ever(argument);
	}
	if (pid < 0) {
		return;
	}
	usleep((argument & 8) ? BRIEF_US * 10 : BRIEF_US);
	if (kill(pid, SIGKILL) != 0) {
		complain("killed: a child cannot be killed: %d", errno);
	}
	if (waitpid(pid, &status, 0) != pid) {
		complain("killed: waiting for a child fails: %d", errno);
	}
}

static _Noreturn void wait_for_alarm(uint64_t how)
{
	struct itimerval soon = { .it_value = { .tv_usec = SOON_US } };
	sigset_t set;

	if (how & 1) {
		soon.it_interval = soon.it_value;
	}
	if (how & 2) {
		sigemptyset(&set);
		sigaddset(&set, SIGALRM);
		sigprocmask(SIG_BLOCK, &set, NULL);
	}
	setitimer(ITIMER_REAL, &soon, NULL);
	if (how & 2) {
		usleep(SOON_US * 3);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	wait_for_ever(how & 4 ? 0 : 2);
}

void means_rings(uint64_t argument)
{
	pid_t pid = child_start();

	if (pid == 0) {
		wait_for_alarm(argument);
	}
	if (pid > 0) {
		waitpid(pid, NULL, 0);
	}
}

void means_programs(uint64_t argument)
{
	char *arguments[] = { "nothing", "one", "two", NULL };
	char *none[] = { NULL };
	pid_t pid = argument & 1 ? vfork() : fork();

	if (pid == 0) {
		execve("bin/nothing", argument & 2 ? arguments : none, none);
		kill(getpid(), SIGKILL); /* no memory for it */
		_exit(1);
	}
	if (pid > 0) {
		expect_exit("programs", pid, 0);
	}
}

/* Looks at the files that are no programs of ours, up to the nth; how many there were. */
static unsigned files_until(uint64_t nth, struct bw_archive_entry *file)
{
	unsigned nr = 0;

	for (unsigned i = 0; nr <= nth && bw_archive_entry(i, file) == 0; i++) {
		nr += strncmp(file->name, "etc/", 4) == 0;
	}
	return nr;
}

/* What is no program, or a broken one, is refused, or ends by itself. */
void means_files(uint64_t argument)
{
	struct bw_archive_entry file = { 0 };
	unsigned nr = files_until(UINT64_MAX, &file);
	char *none[] = { NULL };
	pid_t pid;

	(void)files_until(argument % nr, &file);
	pid = fork();
	if (pid == 0) {
		execve(file.name, none, none);
		_exit(0);
	}
	if (pid > 0) {
		usleep(SOON_US);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}
