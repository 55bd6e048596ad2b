/* wait4, exit, fork, vfork. */
#define _GNU_SOURCE
#include "say.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int status;

static void end_7(void) { _exit(7); }
static void end_300(void) { CALL(SYS_exit_group, 300); }
static void end_minus(void) { CALL(SYS_exit_group, -1); }
static void end_thread(void) { CALL(SYS_exit, 5); }
static void sleep_long(void) { usleep(100000); }
static void share(void)
{
	volatile int shared = 0;
	int pid = vfork();

	if (pid == 0) {
		shared = 5;
		_exit(0);
	}
	_exit(shared == 5 && waitpid(pid, NULL, 0) == pid ? 9 : 8);
}

static void say_none(void)
{
	SAY(wait4, "without children", -1, &status, 0, NULL);
	SAY(wait4, "without children, WNOHANG", -1, &status, WNOHANG, NULL);
	SAY(wait4, "unknown options", -1, &status, 0x10, NULL);
	SAY(wait4, "WEXITED, which is waitid's", -1, &status, 4, NULL);
	SAY(wait4, "unknown options, the least number", -2147483648l, &status, 0x10, NULL);
	SAY(wait4, "the least number", -2147483648l, &status, 0, NULL);
	SAY(wait4, "itself", getpid(), &status, 0, NULL);
	SAY(wait4, "the first process", 1, &status, 0, NULL);
	SAY(wait4, "a group that there is not", -5, &status, 0, NULL);
	SAY(wait4, "its group, without children", 0, &status, 0, NULL);
	SAY(wait4, "options with a high half", -1, &status, HIGH(1), NULL);
}

static void say_children(void)
{
	struct rusage usage;
	int pid = child(sleep_long);

	SAY(wait4, "WNOHANG of one that runs", pid, &status, WNOHANG, NULL);
	SAY(wait4, "status to null but 8", pid, 8, 0, NULL);
	SAY(wait4, "the child is gone then", pid, &status, 0, NULL);
	pid = child(end_7);
	say("wait4", "0 is a child of the group", CALL(SYS_wait4, 0, &status, 0, NULL) == pid);
	say_status("wait4", "its status", status);
	pid = child(end_7);
	say("wait4", "minus its group", CALL(SYS_wait4, -getpgrp(), &status, 0, NULL) == pid);
	pid = child(end_7);
	say("wait4", "__WALL", CALL(SYS_wait4, pid, &status, 0x40000000, &usage) == pid);
	pid = child(end_7);
	settle();
	SAY(wait4, "__WCLONE of a child of fork", pid, &status, 0x80000001, NULL);
	say("wait4", "with a high half", CALL(SYS_wait4, HIGH(pid), &status, 0, NULL) == pid);
	pid = child(end_7);
	SAY(wait4, "usage to a kernel address", pid, &status, 0, KERNEL_ADDRESS);
	say_status("wait4", "the status is stored then", status);
	SAY(wait4, "and the child is gone", pid, &status, 0, NULL);
	pid = child(end_7);
	settle();
	SAY(wait4, "WNOWAIT, which is waitid's", pid, &status, 0x1000000, NULL);
	SAY(wait4, "a group that the child is not in", -pid, &status, 0, NULL);
	say("wait4", "__WNOTHREAD, WUNTRACED and WCONTINUED, no status",
	    CALL(SYS_wait4, pid, NULL, 0x20000000 | WUNTRACED | WCONTINUED, NULL) == pid);
	pid = child(sleep_long);
	(void)child(end_7);
	usleep(200000);
	say("wait4", "of two that have ended the one that is older, not that ended first",
	    CALL(SYS_wait4, -1, &status, 0, NULL) == pid);
	CALL(SYS_wait4, -1, &status, 0, NULL);
}

void say_processes(void)
{
	say_none();
	say_children();
	say_end("exit_group", "300", end_300);
	say_end("exit_group", "-1", end_minus);
	say_end("exit", "of the only thread", end_thread);
	say_end("vfork", "shares memory", share);
}
