/* getrusage, times, sysinfo, limits. */
#define _GNU_SOURCE
#include "say.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 30000 };

static double used(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void compute(void)
{
	while (used(RUSAGE_SELF) < 0.05) {}
}

static void say_used(void)
{
	struct rusage usage = { 0 };
	double before = used(RUSAGE_CHILDREN);
	int pid;

	SAY(getrusage, "itself", 0, &usage);
	SAY(getrusage, "children", -1, &usage);
	SAY(getrusage, "this thread", 1, &usage);
	SAY(getrusage, "of a number that means nothing", 2, &usage);
	SAY(getrusage, "of a number that means nothing, null", -2, NULL);
	SAY(getrusage, "null", 0, NULL);
	SAY(getrusage, "with a high half", HIGH(0), &usage);
	pid = child(compute);
	wait4(pid, NULL, 0, &usage);
	say_text("getrusage", "a child's time is told by wait4",
		 (double)usage.ru_utime.tv_usec / 1e6 + (double)usage.ru_stime.tv_usec / 1e6 >=
				 0.049
			 ? "yes"
			 : "no");
	say_text("getrusage", "and added to its parent's children",
		 used(RUSAGE_CHILDREN) - before >= 0.049 ? "yes" : "no");
}

static void say_times(void)
{
	struct tms times_now = { 0 };

	say("times", "a time", CALL(SYS_times, &times_now) > 0);
	say("times", "null", CALL(SYS_times, NULL) > 0);
	SAY(times, "kernel address", KERNEL_ADDRESS);
	say("times", "children's", times_now.tms_cutime + times_now.tms_cstime >= 4);
}

static void say_info(void)
{
	struct sysinfo info = { 0 };

	SAY(sysinfo, "of the machine", &info);
	SAY(sysinfo, "null", NULL);
	say("sysinfo", "there is memory, and less than that is free",
	    info.totalram > 0 && info.freeram > 0 && info.freeram < info.totalram);
	say("sysinfo", "there are processes", info.procs > 0);
	say("sysinfo", "unit", info.mem_unit);
	say("sysconf", "pages of memory", sysconf(_SC_PHYS_PAGES) > 0);
	say("sysconf", "pages that are free", sysconf(_SC_AVPHYS_PAGES) > 0);
	say("sysconf", "processors", sysconf(_SC_NPROCESSORS_ONLN) > 0);
	say("sysconf", "open files", sysconf(_SC_OPEN_MAX) > 2);
	say("sysconf", "clock ticks", sysconf(_SC_CLK_TCK));
}

static void say_limits(void)
{
	struct rlimit limit, wrong = { 2, 1 };

	SAY(getrlimit, "stack", RLIMIT_STACK, &limit);
	say_text("getrlimit", "a soft limit is not over the hard one",
		 limit.rlim_cur <= limit.rlim_max ? "yes" : "no");
	SAY(getrlimit, "number 16", 16, &limit);
	SAY(getrlimit, "number -1, null", -1, NULL);
	SAY(getrlimit, "null", RLIMIT_STACK, NULL);
	SAY(getrlimit, "with a high half", HIGH(RLIMIT_STACK), &limit);
	SAY(setrlimit, "to what it is", RLIMIT_STACK, &limit);
	SAY(setrlimit, "soft over hard", RLIMIT_STACK, &wrong);
	SAY(setrlimit, "null", RLIMIT_STACK, NULL);
	SAY(setrlimit, "number 16", 16, &limit);
	SAY(setrlimit, "number 16, null", 16, NULL);
	limit.rlim_cur /= 2;
	SAY(setrlimit, "to less", RLIMIT_STACK, &limit);
	SAY(prlimit64, "asked for", 0, RLIMIT_STACK, NULL, &limit);
	SAY(prlimit64, "of itself", getpid(), RLIMIT_STACK, NULL, &limit);
	SAY(prlimit64, "nothing", 0, RLIMIT_STACK, NULL, NULL);
	SAY(prlimit64, "number 16", 0, 16, NULL, &limit);
	SAY(prlimit64, "nobody", NOBODY, RLIMIT_STACK, NULL, &limit);
	SAY(prlimit64, "nobody, number 16", NOBODY, 16, NULL, &limit);
	SAY(prlimit64, "the first process", 1, RLIMIT_STACK, NULL, &limit);
	SAY(prlimit64, "the first process, number 16", 1, 16, NULL, &limit);
	SAY(prlimit64, "its own number", getpid(), RLIMIT_STACK, NULL, &limit);
	SAY(prlimit64, "nobody, from null but 8", NOBODY, RLIMIT_STACK, 8, &limit);
	SAY(prlimit64, "to a kernel address", 0, RLIMIT_STACK, NULL, KERNEL_ADDRESS);
	SAY(prlimit64, "soft over hard", 0, RLIMIT_STACK, &wrong, NULL);
}

void say_usage(void)
{
	say_used();
	say_times();
	say_info();
	say_limits();
}
