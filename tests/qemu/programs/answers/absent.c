/* Calls of Linux that programs use and that are not here. */
#define _GNU_SOURCE
#include "say.h"

#include <stdio.h>
#include <unistd.h>

static char buffer[PAGE];

static void say_files(void)
{
	SAY(open, "no file", "/nonexistent", 0);
	SAY(stat, "the root", "/", buffer);
	SAY(fstat, "the terminal", 1, buffer);
	SAY(lseek, "the terminal", 1, 0, 1);
	SAY(access, "the root", "/", 0);
	SAY(pipe, "kernel address", KERNEL_ADDRESS);
	SAY(dup, "not open", 99);
	SAY(dup2, "not open", 99, 98);
	SAY(fcntl, "F_GETFD", 1, 1);
	SAY(getcwd, "the root", buffer, sizeof(buffer));
	SAY(chdir, "the root", "/");
	SAY(pread64, "nothing", 0, buffer, 0, 0);
	SAY(socket, "unknown", 99, 1, 0);
	SAY(openat, "no file", -100, "/nonexistent", 0);
	SAY(execveat, "no file", -100, "/nonexistent", NULL, NULL, 0);
	SAY(pipe2, "unknown flags", buffer, 1);
	SAY(eventfd2, "unknown flags", 0, 1);
	SAY(epoll_create1, "unknown flags", 1);
	SAY(memfd_create, "kernel address", KERNEL_ADDRESS, 0);
}

static void say_signals_and_timers(void)
{
	SAY(sigaltstack, "nothing", NULL, NULL);
	SAY(rt_sigsuspend, "a set of 9 bytes", buffer, 9);
	SAY(rt_sigtimedwait, "a set of 9 bytes", buffer, NULL, NULL, 9);
	SAY(rt_sigqueueinfo, "from null but 8", 30000, 0, 8);
	SAY(timer_create, "clock 99", 99, NULL, buffer);
	SAY(clock_settime, "clock 99", 99, buffer);
	SAY(waitid, "no options", 0, 0, NULL, 0, NULL);
}

static void say_others(void)
{
	SAY(clone3, "nothing", NULL, 0);
	SAY(prctl, "unknown", 9999, 0);
	SAY(getpriority, "of no kind", 9, 0);
	SAY(setpriority, "of no kind", 9, 0, 0);
	SAY(sched_getscheduler, "-1", -1);
	SAY(sched_setscheduler, "-1", -1, 0, NULL);
	SAY(sched_getparam, "-1", -1, NULL);
	SAY(sched_get_priority_max, "unknown", 99);
	SAY(membarrier, "what there is", 0, 0);
	SAY(set_robust_list, "of no size", NULL, 0);
	SAY(getgroups, "none", 0, NULL);
	SAY(setgroups, "none", 0, NULL);
	SAY(getresuid, "kernel address", KERNEL_ADDRESS, KERNEL_ADDRESS, KERNEL_ADDRESS);
	SAY(setgid, "-1", -1);
	SAY(setreuid, "as it is", -1, -1);
	SAY(personality, "asked for", 0xffffffff);
	SAY(syslog, "unknown", 99, NULL, 0);
	SAY(reboot, "no magic", 0, 0, 0, NULL);
}

void say_absent(void)
{
	say_files();
	say_signals_and_timers();
	say_others();
}
