/*
 * stress [SECONDS]: all workers of stress.h at once; an audit every second; in the end every frame
 * must be back. Run as root by the shell's command of the same name. Exit code: 0, or 1 where
 * something is wrong.
 */
#include "stress.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SECONDS_DEFAULT = 10,
	SECONDS_TO_END = 40,
	NAP_US = 50000,
	STATUS_USAGE = 2,
};

static pid_t pids[STRESS_WORKERS_MAX];
static unsigned long nr_audits, nr_no_memory;

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static _Noreturn void work(unsigned int which, unsigned int seed)
{
	const struct stress_worker *worker = &stress_workers[which];
	enum stress_result result = STRESS_DONE;

	stress_random_seed(seed);
	if (setuid(worker->uid) != 0) {
		result = stress_complain("setuid");
	}
	while (!stress->stop && result != STRESS_WRONG) {
		result = worker->round();
		stress->rounds[which]++;
		stress->refused[which] += result == STRESS_REFUSED;
		for (unsigned int ms = 0; ms < worker->pause_ms && !stress->stop; ms += 10) {
			stress_nap_us(10000);
		}
	}
	_exit(result == STRESS_WRONG);
}

static void start(unsigned int which)
{
	static unsigned int seed = 1;

	fflush(stdout);
	seed++;
	pids[which] = fork();
	if (pids[which] == 0) {
		work(which, seed);
	}
	/* refused is no failure: it is tried again a moment later */
	if (pids[which] < 0) {
		pids[which] = 0;
	}
}

/* One without memory goes down with a SIGBUS. Any other end of its own is wrong. */
static void look_after(unsigned int which)
{
	int status;

	if (pids[which] == 0) {
		if (!stress->stop) {
			start(which);
		}
		return;
	}
	if (waitpid(pids[which], &status, WNOHANG) != pids[which]) {
		return;
	}
	pids[which] = 0;
	if (child_signal(status) == SIGBUS) {
		nr_no_memory++;
	} else if (status != 0) {
		stress_complain("worker %s ended with wait status 0x%x", stress_workers[which].name,
				status);
	}
}

static bool is_anyone_left(void)
{
	for (unsigned int i = 0; i < nr_stress_workers; i++) {
		if (pids[i] != 0) {
			return true;
		}
	}
	return false;
}

static unsigned long sum(const volatile unsigned long *counts)
{
	unsigned long total = 0;

	for (unsigned int i = 0; i < nr_stress_workers; i++) {
		total += counts[i];
	}
	return total;
}

/* By a person; a script's console has no TERM. */
static bool is_watched(void) { return isatty(STDOUT_FILENO) && getenv("TERM") != NULL; }

static void print_progress(time_t second)
{
	struct bw_memory_info info;

	if (is_watched() && bw_memory_info(&info) == 0) {
		printf("\r%4ld s  %lu rounds, %lu refused, %lu audits, %lu processes, "
		       "%lu frames free  ",
		       (long)second, sum(stress->rounds), sum(stress->refused), nr_audits,
		       info.nr_processes, info.nr_free_revealed + info.nr_free_hidden);
		fflush(stdout);
	}
}

static void press(time_t seconds)
{
	time_t begin = now_s(), last = 0;

	while (now_s() - begin < seconds && stress->nr_complaints == 0) {
		for (unsigned int i = 0; i < nr_stress_workers; i++) {
			look_after(i);
		}
		if (now_s() - begin != last) {
			last = now_s() - begin;
			nr_audits++;
			stress_audit();
			print_progress(last);
		}
		stress_nap_us(NAP_US);
	}
	stress->stop = true;
	begin = now_s();
	while (is_anyone_left() && now_s() - begin < SECONDS_TO_END) {
		for (unsigned int i = 0; i < nr_stress_workers; i++) {
			look_after(i);
		}
		stress_nap_us(NAP_US);
	}
	for (unsigned int i = 0; i < nr_stress_workers; i++) {
		if (pids[i] != 0) {
			stress_complain("worker %s does not come to an end",
					stress_workers[i].name);
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
	}
}

static void print_summary(void)
{
	for (unsigned int i = 0; i < nr_stress_workers; i++) {
		printf("%-10s %8lu rounds, %lu refused\n", stress_workers[i].name,
		       stress->rounds[i], stress->refused[i]);
	}
	printf("%lu audits, %lu workers without memory\n", nr_audits, nr_no_memory);
}

int main(int argc, char *argv[])
{
	struct bw_memory_info before;
	long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : SECONDS_DEFAULT;

	if (argc == 3 && strcmp(argv[1], "--exit") == 0) {
		return atoi(argv[2]);
	}
	if (argc > 2 || seconds <= 0 || nr_stress_workers > STRESS_WORKERS_MAX) {
		fprintf(stderr, "usage: stress [SECONDS]\n");
		return STATUS_USAGE;
	}
	stress = mmap(NULL, sizeof(*stress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (stress == MAP_FAILED) {
		perror("stress");
		return 1;
	}
	memset(stress, 0, sizeof(*stress));
	printf("%u workers for %ld seconds\n", nr_stress_workers, seconds);
	bw_memory_info(&before);
	press(seconds);
	if (is_watched()) {
		putchar('\n');
	}
	print_summary();
	stress_check_memory(&before);
	stress_audit();
	printf("stress: %s\n", stress->nr_complaints == 0 ? "nothing is wrong" : stress->complaint);
	return stress->nr_complaints == 0 ? 0 : 1;
}
