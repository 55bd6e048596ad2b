/* Clocks and sleeping. */
#define _GNU_SOURCE
#include "say.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct timespec zero, billion = { 0, 1000000000 }, before = { -1, 0 }, less = { 0, -1 };

static void say_sleeps(void)
{
	static const int clocks[] = { 0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 99 };

	SAY(nanosleep, "a second's worth of nanoseconds", &billion, NULL);
	SAY(nanosleep, "negative seconds", &before, NULL);
	SAY(nanosleep, "negative nanoseconds", &less, NULL);
	SAY(nanosleep, "nothing", &zero, NULL);
	SAY(nanosleep, "null", NULL, NULL);
	SAY(nanosleep, "kernel address", KERNEL_ADDRESS, NULL);
	SAY(nanosleep, "2^32 nanoseconds", ((long[]){ 0, 1l << 32 }), NULL);
	SAY(nanosleep, "a nanosecond, the rest to a kernel address", ((long[]){ 0, 1 }),
	    KERNEL_ADDRESS);
	SAY(nanosleep, "nothing, the rest to null but 8", &zero, 8);
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		char text[48];

		snprintf(text, sizeof(text), "clock %d, nothing", clocks[i]);
		SAY(clock_nanosleep, text, clocks[i], 0, &zero, NULL);
	}
	SAY(clock_nanosleep, "clock 99, null", 99, 0, NULL, NULL);
	SAY(clock_nanosleep, "a clock that does not wake, null", 4, 0, NULL, NULL);
	SAY(clock_nanosleep, "null", 1, 0, NULL, NULL);
	SAY(clock_nanosleep, "unknown flags", 1, 2, &zero, NULL);
	SAY(clock_nanosleep, "until what has passed", 1, 1, &zero, NULL);
	SAY(clock_nanosleep, "until a time of day that has passed", 0, 1, &zero, NULL);
	SAY(clock_nanosleep, "until before time began", 1, 1, &before, NULL);
	SAY(clock_nanosleep, "clock with a high half", HIGH(1), 0, &zero, NULL);
	SAY(clock_nanosleep, "the time of this thread, by 0", -2, 0, &zero, NULL);
	SAY(clock_nanosleep, "the time of this thread, by its number", ~gettid() * 8l + 6, 0, &zero,
	    NULL);
	SAY(clock_nanosleep, "the time of this process, by 0", -6, 0, &zero, NULL);
	SAY(clock_nanosleep, "the time of no process", ~30000l * 8 + 2, 0, &zero, NULL);
	SAY(clock_nanosleep, "flags with a high half", 1, HIGH(0), &zero, NULL);
}

static void say_clocks(void)
{
	struct timespec time;
	char text[48];

	for (int id = -1; id < 13; id++) {
		/* what may be there or not, by the machine */
		if (id == 8 || id == 9) {
			continue;
		}
		snprintf(text, sizeof(text), "clock %d", id);
		SAY(clock_gettime, text, id, &time);
		SAY(clock_getres, text, id, &time);
		if (id != 5 && id != 6) {
			snprintf(text, sizeof(text), "clock %d, null", id);
			SAY(clock_getres, text, id, NULL);
		}
	}
	SAY(clock_getres, "1, kernel address", 1, KERNEL_ADDRESS);
	CALL(SYS_clock_getres, 1, &time);
	say("clock_getres", "nanoseconds of the monotonic clock", time.tv_nsec);
	CALL(SYS_clock_getres, 6, &time);
	say("clock_getres", "nanoseconds of the coarse clock", time.tv_nsec);
	SAY(clock_gettime, "null", 1, NULL);
	SAY(clock_gettime, "null but 8", 1, 8);
	SAY(clock_gettime, "clock 99, null", 99, NULL);
	SAY(clock_gettime, "clock with a high half", HIGH(1), &time);
	SAY(gettimeofday, "both null", NULL, NULL);
	SAY(gettimeofday, "kernel address", KERNEL_ADDRESS, NULL);
	SAY(gettimeofday, "zone to a kernel address", NULL, KERNEL_ADDRESS);
	SAY(time, "null but 8", 8);
}

/* The clock of a process by its number; 2: processor time, 6: of a thread. */
static long clock_of(int id, int kind) { return ((long)~id << 3) | kind; }

static void say_cpu_clocks(void)
{
	struct timespec time;

	SAY(clock_gettime, "of this process, by its number", clock_of(getpid(), 2), &time);
	SAY(clock_gettime, "of this process, by 0", clock_of(0, 2), &time);
	SAY(clock_gettime, "of this thread, by its number", clock_of(gettid(), 6), &time);
	SAY(clock_gettime, "of nobody", clock_of(30000, 2), &time);
	SAY(clock_gettime, "of no thread", clock_of(30000, 6), &time);
	SAY(clock_gettime, "of the thread of another process", clock_of(1, 6), &time);
	SAY(clock_gettime, "of this process, all of its time", clock_of(0, 0), &time);
	SAY(clock_gettime, "of this process, in user mode", clock_of(0, 1), &time);
	SAY(clock_getres, "of this process, by its number", clock_of(getpid(), 2), &time);
	SAY(clock_getres, "of nobody", clock_of(30000, 2), &time);
}

static double seconds(int id)
{
	struct timespec time;

	clock_gettime(id, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *compute(void *unused)
{
	double start = seconds(CLOCK_THREAD_CPUTIME_ID);

	while (seconds(CLOCK_THREAD_CPUTIME_ID) - start < 0.05) {}
	return unused;
}

static void say_values(void)
{
	double process = seconds(CLOCK_PROCESS_CPUTIME_ID),
	       thread = seconds(CLOCK_THREAD_CPUTIME_ID);
	struct timeval now;
	pthread_t other;

	pthread_create(&other, NULL, compute, NULL);
	pthread_join(other, NULL);
	process = seconds(CLOCK_PROCESS_CPUTIME_ID) - process;
	thread = seconds(CLOCK_THREAD_CPUTIME_ID) - thread;
	say_text("clocks", "a process's counts its threads that have ended",
		 process >= 0.05 ? "yes" : "no");
	say_text("clocks", "a thread's does not", thread < process ? "yes" : "no");
	gettimeofday(&now, NULL);
	say_text("clocks", "it is later than 2020",
		 seconds(CLOCK_REALTIME) > 1577836800 ? "yes" : "no");
	say_text("clocks", "gettimeofday and time agree with that",
		 now.tv_sec - (long)seconds(CLOCK_REALTIME) <= 1 &&
				 CALL(SYS_time, 0) - now.tv_sec <= 1
			 ? "yes"
			 : "no");
	say_text("clocks", "time since boot is not the time of day",
		 seconds(CLOCK_MONOTONIC) < 1e8 && seconds(CLOCK_BOOTTIME) < 1e8 ? "yes" : "no");
}

void say_time(void)
{
	say_sleeps();
	say_clocks();
	say_cpu_clocks();
	say_values();
}
