/* Blocked signals: rt_sigprocmask, rt_sigpending, pause. */
#define _GNU_SOURCE
#include "say.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SET = 8 };

static long all = -1, none = 0, term = 1l << (SIGTERM - 1);

static void mask(int how, long *set) { CALL(SYS_rt_sigprocmask, how, set, NULL, SET); }

static void say_calls(void)
{
	long old = 0;
	char text[32];

	SAY(rt_sigprocmask, "how 9", 9, &all, NULL, SET);
	SAY(rt_sigprocmask, "how 9, no set", 9, NULL, &old, SET);
	SAY(rt_sigprocmask, "a set of 16 bytes", 0, &all, NULL, 16);
	SAY(rt_sigprocmask, "from null but 8", 0, 8, NULL, SET);
	SAY(rt_sigprocmask, "from null but 8, how 9", 9, 8, NULL, SET);
	SAY(rt_sigprocmask, "to null but 8", 0, NULL, 8, SET);
	SAY(rt_sigprocmask, "how with a high half", HIGH(0), &none, NULL, SET);
	SAY(rt_sigprocmask, "all blocked, the old set to null but 8", 0, &all, 8, SET);
	SAY(rt_sigprocmask, "asked for", 0, NULL, &old, SET);
	snprintf(text, sizeof(text), "%lx", old);
	say_text("rt_sigprocmask", "it was done all the same, but for two", text);
	mask(SIG_SETMASK, &none);
	SAY(rt_sigpending, "of 9 bytes", &old, 9);
	SAY(rt_sigpending, "of 4 bytes", &old, 4);
	SAY(rt_sigpending, "to null", NULL, SET);
	SAY(rt_sigpending, "nothing to null", NULL, 0);
}

static void get_blocked(void)
{
	mask(SIG_BLOCK, &all);
	CALL(SYS_kill, getpid(), SIGTERM);
}
static void get_and_unblock(void)
{
	get_blocked();
	mask(SIG_SETMASK, &none);
}
static void get_and_unblock_others(void)
{
	long others = ~term;

	get_blocked();
	mask(SIG_UNBLOCK, &others);
}
static void get_kill(void)
{
	mask(SIG_BLOCK, &all);
	CALL(SYS_kill, getpid(), SIGKILL);
}
static void ignore_and_unblock(void)
{
	get_blocked();
	signal(SIGTERM, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	mask(SIG_SETMASK, &none);
}
static void see_pending(void)
{
	long pending = 0;

	get_blocked();
	CALL(SYS_rt_sigpending, &pending, SET);
	_exit(pending == term ? 3 : 4);
}
static void see_pending_ignored(void)
{
	long pending = 0, chld = 1l << (SIGCHLD - 1);

	mask(SIG_BLOCK, &chld);
	CALL(SYS_kill, getpid(), SIGCHLD);
	CALL(SYS_rt_sigpending, &pending, SET);
	_exit(pending == chld ? 3 : 4);
}
static void inherit_mask(void)
{
	long seen = 0;
	int status = 0, pid;

	mask(SIG_BLOCK, &term);
	pid = fork();
	if (pid == 0) {
		CALL(SYS_rt_sigprocmask, 0, NULL, &seen, SET);
		_exit(seen == term ? 3 : 4);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}
static void inherit_pending(void)
{
	long pending = 0;
	int status = 0, pid;

	get_blocked();
	pid = fork();
	if (pid == 0) {
		CALL(SYS_rt_sigpending, &pending, SET);
		_exit(pending == 0 ? 3 : 4);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}
static void *wait_long(void *unused)
{
	usleep(2000000);
	return unused;
}
static void get_by_another_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, wait_long, NULL);
	mask(SIG_BLOCK, &all);
	CALL(SYS_kill, getpid(), SIGTERM);
	usleep(1000000);
}
static void get_for_this_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, wait_long, NULL);
	mask(SIG_BLOCK, &all);
	CALL(SYS_tkill, gettid(), SIGTERM);
	_exit(5);
}
static void wait_for_signal(void)
{
	int pid = fork();

	if (pid == 0) {
		usleep(30000);
		CALL(SYS_kill, getppid(), SIGTERM);
		_exit(0);
	}
	CALL(SYS_pause, 0);
	_exit(6);
}

void say_masks(void)
{
	say_calls();
	say_end("blocked", "SIGTERM", get_blocked);
	say_end("blocked", "SIGTERM, until it is not", get_and_unblock);
	say_end("blocked", "SIGTERM, and others are not any more", get_and_unblock_others);
	say_end("blocked", "SIGKILL", get_kill);
	say_end("blocked", "ignored meanwhile", ignore_and_unblock);
	say_end("blocked", "is pending", see_pending);
	say_end("blocked", "is pending, what would do nothing", see_pending_ignored);
	say_end("blocked", "the mask is inherited", inherit_mask);
	say_end("blocked", "what is pending is not", inherit_pending);
	say_end("blocked", "by one of two threads", get_by_another_thread);
	say_end("blocked", "for one of two threads", get_for_this_thread);
	say_end("pause", "until a signal ends it", wait_for_signal);
}
