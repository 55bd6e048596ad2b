/* rt_sigaction, kill, tkill, tgkill, and what signals do. */
#define _GNU_SOURCE
#include "say.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { NOBODY = 30000, SET = 8 };

static void say_actions(void)
{
	long ignore[4] = { 1 }, handler[4] = { 0x401000, 0x04000000, 0x402000 }, normal[4] = { 0 };
	long old[4] = { 9, 9, 9, 9 };

	SAY(rt_sigaction, "signal 0", 0, NULL, NULL, SET);
	SAY(rt_sigaction, "signal 65", 65, NULL, NULL, SET);
	SAY(rt_sigaction, "signal 64", 64, NULL, NULL, SET);
	SAY(rt_sigaction, "signal -1", -1, NULL, NULL, SET);
	SAY(rt_sigaction, "signal with a high half", HIGH(1), NULL, NULL, SET);
	SAY(rt_sigaction, "a set of 4 bytes", 1, NULL, NULL, 4);
	SAY(rt_sigaction, "a set of 16 bytes, signal 0", 0, NULL, NULL, 16);
	SAY(rt_sigaction, "from null but 8", 1, 8, NULL, SET);
	SAY(rt_sigaction, "from a kernel address, signal 65", 65, KERNEL_ADDRESS, NULL, SET);
	SAY(rt_sigaction, "to null but 8", 1, NULL, 8, SET);
	SAY(rt_sigaction, "SIGKILL, ignored", SIGKILL, ignore, NULL, SET);
	SAY(rt_sigaction, "SIGKILL, normal", SIGKILL, normal, NULL, SET);
	SAY(rt_sigaction, "SIGSTOP, asked for", SIGSTOP, NULL, old, SET);
	SAY(rt_sigaction, "SIGUSR1, ignored", SIGUSR1, ignore, old, SET);
	say("rt_sigaction", "the action before", old[0]);
	SAY(rt_sigaction, "SIGUSR1, normal", SIGUSR1, normal, old, SET);
	say("rt_sigaction", "the action before that", old[0]);
	SAY(rt_sigaction, "ignored, the old one to a kernel address", SIGUSR1, ignore,
	    KERNEL_ADDRESS, SET);
	CALL(SYS_rt_sigaction, SIGUSR1, normal, old, SET);
	say("rt_sigaction", "is done all the same", old[0]);
	SAY(rt_sigaction, "a handler", SIGUSR1, handler, NULL, SET);
	CALL(SYS_rt_sigaction, SIGUSR1, normal, old, SET);
	say("rt_sigaction", "and is told", old[0] == 0x401000);
}

static void say_kill(void)
{
	int self = getpid();

	SAY(kill, "itself, signal 0", self, 0);
	SAY(kill, "itself, signal 65", self, 65);
	SAY(kill, "itself, signal -1", self, -1);
	SAY(kill, "itself, signal 0 with a high half", HIGH(self), HIGH(0));
	SAY(kill, "nobody", NOBODY, 0);
	SAY(kill, "nobody, signal 65", NOBODY, 65);
	SAY(kill, "the least number", -2147483648l, 0);
	SAY(kill, "its group", 0, 0);
	SAY(kill, "its group, signal 65", 0, 65);
	SAY(kill, "a group that there is not", -NOBODY, 0);
	SAY(kill, "a group that there is not, signal 65", -NOBODY, 65);
	SAY(kill, "the first process", 1, 0);
	SAY(kill, "the first process, SIGTERM", 1, SIGTERM);
	SAY(tkill, "thread 0", 0, 0);
	SAY(tkill, "thread -1", -1, 0);
	SAY(tkill, "itself", gettid(), 0);
	SAY(tkill, "itself, signal 65", gettid(), 65);
	SAY(tkill, "itself with a high half", HIGH(gettid()), 0);
	SAY(tkill, "nobody", NOBODY, 0);
	SAY(tkill, "nobody, signal 65", NOBODY, 65);
	SAY(tkill, "the first process", 1, 0);
	SAY(tgkill, "process 0", 0, gettid(), 0);
	SAY(tgkill, "thread 0", self, 0, 0);
	SAY(tgkill, "thread -1, signal 65", self, -1, 65);
	SAY(tgkill, "itself", self, gettid(), 0);
	SAY(tgkill, "of another process", NOBODY, gettid(), 0);
	SAY(tgkill, "of the first process", 1, gettid(), 0);
	SAY(tgkill, "signal 65", self, gettid(), 65);
}

static void get(int number) { CALL(SYS_kill, getpid(), number); }
static void get_term(void) { get(SIGTERM); }
static void get_chld(void) { get(SIGCHLD); }
static void get_winch(void) { get(SIGWINCH); }
static void get_cont(void) { get(SIGCONT); }
static void get_34(void) { get(34); }
static void get_64(void) { get(64); }
static void get_ignored(void)
{
	signal(SIGTERM, SIG_IGN);
	get(SIGTERM);
}
static void get_by_group(void)
{
	setpgid(0, 0);
	CALL(SYS_kill, 0, SIGTERM);
}
static void get_by_thread(void) { CALL(SYS_tkill, gettid(), SIGTERM); }
static void touch_ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	*(volatile char *)(uintptr_t)getpid() = 1;
}
static void get_33_by_thread(void) { CALL(SYS_tkill, gettid(), 33); }
static void get_stop(void) { _exit(CALL(SYS_kill, getpid(), SIGTSTP) == 0 ? 0 : 22); }

static void say_ends(void)
{
	say_end("signal", "abort", abort);
	say_end("signal", "SIGTERM", get_term);
	say_end("signal", "SIGCHLD", get_chld);
	say_end("signal", "SIGWINCH", get_winch);
	say_end("signal", "SIGCONT", get_cont);
	say_end("signal", "34", get_34);
	say_end("signal", "64", get_64);
	say_end("signal", "an ignored one", get_ignored);
	say_end("signal", "to the group", get_by_group);
	say_end("signal", "to the thread", get_by_thread);
	say_end("signal", "a fault, ignored", touch_ignored);
	say_end("signal", "33 to the thread", get_33_by_thread);
	(void)get_stop;
}

void say_signals(void)
{
	say_actions();
	say_kill();
	say_ends();
}
