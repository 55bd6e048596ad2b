/* Calls on threads, processes and what they wait for. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sweep.h"

enum { NR_THREADS = 600, NR_CHILDREN = 200 };
enum { WAIT = 0 | 128, WAKE = 1 | 128, REQUEUE = 3 | 128, SHARED = ~128 };

uint32_t words[2];
static uint32_t *waits_on = words;
static unsigned operation = WAIT;

void *wait_on_first(void *unused)
{
	syscall(SYS_futex, waits_on, operation, 0, NULL, NULL, 0);
	return unused;
}

void *wait_for_timer(void *unused)
{
	struct timespec time = { .tv_sec = 1 };

	nanosleep(&time, NULL);
	return unused;
}

void threads_start(unsigned nr, void *(*body)(void *))
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (unsigned i = 0; i < nr; i++) {
		if (pthread_create(&thread, &attributes, body, NULL)) {
			printf("sweep: %u threads\n", i);
			break;
		}
	}
	usleep(100000);
}

void sweep_futex(void)
{
	uint32_t *shared =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);

	threads_start(NR_THREADS, wait_on_first);
	syscall(SYS_futex, words, REQUEUE, 0, (long)INT_MAX, words, 0);
	syscall(SYS_futex, words, REQUEUE, 0, (long)INT_MAX, words + 1, 0);
	syscall(SYS_futex, words + 1, REQUEUE, 1, 10l, words + 1, 0);
	syscall(SYS_futex, words + 1, WAKE, INT_MAX, NULL, NULL, 0);
	waits_on = shared;
	operation = WAIT & SHARED;
	threads_start(NR_THREADS / 2, wait_on_first);
	syscall(SYS_futex, shared, REQUEUE & SHARED, 0, (long)INT_MAX, shared + 1, 0);
	syscall(SYS_futex, shared + 1, WAKE & SHARED, INT_MAX, NULL, NULL, 0);
}

void sweep_clone(void) { threads_start(NR_THREADS, wait_on_first); }

void sweep_exit_group(void)
{
	threads_start(NR_THREADS, wait_on_first);
	_exit(0);
}

void sweep_nanosleep(void)
{
	threads_start(NR_THREADS, wait_for_timer);
	sleep(2);
}

void sweep_tkill(void)
{
	threads_start(NR_THREADS, wait_on_first);
	syscall(SYS_tkill, 1, SIGTERM);
	syscall(SYS_tgkill, getpid(), 1, SIGTERM);
	syscall(SYS_tkill, getpid(), SIGTERM);
}

void sweep_sched_setaffinity(void)
{
	cpu_set_t set;

	threads_start(NR_THREADS, wait_on_first);
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	for (int tid = 2; tid < 8192; tid++) {
		(void)sched_setaffinity(tid, sizeof(set), &set);
	}
}

static char *arguments[4000], *variables[4000];

void sweep_execve(void)
{
	static char path[] = "bin/sh", text[] = "1234567";

	for (unsigned i = 0; i < 255; i++) {
		arguments[i] = text;
		variables[i] = text;
	}
	for (unsigned nr = 250; nr > 100; nr -= 50) {
		arguments[nr] = variables[nr] = NULL;
		if (fork() == 0) {
			execve(path, arguments, variables);
			_exit(1);
		}
		wait(NULL);
	}
	/* the largest file there is, and the most threads and memory to leave behind */
	memory_touched(large_bytes / 2, MAP_PRIVATE);
	threads_start(NR_THREADS, wait_on_first);
	execl("bin/sh", "sh", "-c", "true", NULL);
}

static void children_start(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			/* until the parent is gone */
			for (pid_t parent = getppid(); getppid() == parent;) {
				sleep(1);
			}
			_exit(0);
		}
		if (pid < 0) {
			printf("sweep: %u children\n", i);
			break;
		}
	}
}

static void kill_many(void)
{
	children_start(NR_CHILDREN);
	setuid(1000);
	kill(-1, 0);
	kill(0, 0);
	kill(-getpid(), SIGKILL);
	kill(-1, SIGKILL);
}

void sweep_kill(void)
{
	kill(99999, 0);
	in_child(kill_many);
}

/* A parent that goes first leaves its children, dead and alive, to the first process. */
static void orphans_leave(void)
{
	children_start(NR_CHILDREN / 2);
	for (unsigned i = 0; i < NR_CHILDREN / 2; i++) {
		if (fork() == 0) {
			_exit(0);
		}
	}
	setuid(1000);
}

static void *wait_for_child(void *unused)
{
	wait4(-1, NULL, 0, NULL);
	return unused;
}

/* One child's end wakes all that wait for one. */
static void wait_in_threads(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
	}
	if (fork() == 0) {
		sleep(1);
		_exit(0);
	}
	threads_start(NR_THREADS, wait_for_child);
	sleep(2);
	kill(pid, SIGKILL);
}

void sweep_wait4(void)
{
	in_child(orphans_leave);
	children_start(NR_CHILDREN);
	for (unsigned i = 0; i < NR_CHILDREN; i++) {
		if (fork() == 0) {
			_exit(0);
		}
	}
	while (waitpid(-1, NULL, WNOHANG) > 0) {}
	in_child(wait_in_threads);
	setuid(1000);
}

static long handle;

static void *ipc_calls(void *unused)
{
	struct bw_message message = { .page = NULL };

	(void)bw_ipc_call(handle, &message);
	return unused;
}

void sweep_ipc_call(void)
{
	handle = bw_endpoint_create();
	threads_start(NR_THREADS, ipc_calls);
}

static void *ipc_calls_with_page(void *unused)
{
	struct bw_message message = { .page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
						   MAP_ANONYMOUS | MAP_PRIVATE, -1, 0) };

	(void)bw_ipc_call(handle, &message);
	return unused;
}

/* A server that ends has many callers. */
void sweep_ipc_receive(void)
{
	struct bw_message message = { .page = NULL };
	pid_t pid;

	handle = bw_endpoint_create();
	pid = fork();
	if (pid == 0) {
		(void)bw_ipc_receive(handle, &message);
		sleep(1);
		_exit(0);
	}
	threads_start(NR_THREADS, ipc_calls);
	waitpid(pid, NULL, 0);
}

/* One that has no room for a page refuses them all. */
void sweep_ipc_reply_receive(void)
{
	struct bw_message message = { .page = NULL };
	pid_t pid;

	handle = bw_endpoint_create();
	threads_start(NR_THREADS / 2, ipc_calls_with_page);
	pid = fork();
	if (pid == 0) {
		alarm(1); /* then there is nobody left to wait for */
		(void)bw_ipc_reply_receive(handle, &message);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* As many alarms as there are processes, all due at once. */
static void alarms_ring(void)
{
	struct itimerval at = { .it_value = { .tv_sec = 1 } };

	for (unsigned i = 0; i < NR_CHILDREN; i++) {
		if (fork() == 0) {
			setitimer(ITIMER_REAL, &at, NULL);
			pause();
		}
	}
	while (wait(NULL) > 0) {}
}

void sweep_setitimer(void) { in_child(alarms_ring); }

void sweep_endpoint_create(void)
{
	while (bw_endpoint_create() >= 0) {}
	if (fork() == 0) {
		_exit(0);
	}
	wait(NULL);
}

static void *attack(void *unused)
{
	(void)bw_call_job_begin(BW_JOB_ATTACK);
	children_start(NR_CHILDREN / 4);
	return unused;
}

/* Who began an attack ends, and the attack with it. */
static void attack_leave(void)
{
	if (fork() == 0) {
		attack(NULL);
		pause();
	}
	usleep(500000);
}

void sweep_job_begin(void) { in_child(attack_leave); }

void sweep_attack_end(void)
{
	static struct bw_attack result;
	pid_t pid = fork();

	if (pid == 0) {
		attack(NULL);
		for (;;) {
			sleep(1000);
		}
	}
	usleep(500000);
	(void)bw_call_attack_end(pid, (long)&result);
	waitpid(pid, NULL, 0);
}
