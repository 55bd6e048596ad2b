/* Runs sequences. */
#define _GNU_SOURCE
#include "run.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bulwark.h"
#include "cpus.h"
#include "world.h"

enum {
	WORKERS_AT_MOST = 8,
	NR_YIELDS = 40, /* before the worker sleeps between looks */
	LOOK_NS = 100000,
	IDLE_LOOKS = 60, /* as a busy host lets nobody run: so often it was asked */
	IDLE_MS = 3,     /* without a call begun or ended: it waits for what may never come */
	LONG_MS = 3000,  /* however busy it is */
};

struct runner runner;
static const struct sequence *running;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void complain(const char *format, ...)
{
	va_list arguments;

	if (__atomic_exchange_n(&runner.state->has_complained, true, __ATOMIC_RELAXED)) {
		return;
	}
	va_start(arguments, format);
	vsnprintf(runner.state->complaint, COMPLAINT_MAX, format, arguments);
	va_end(arguments);
}

bool runner_init(unsigned worker, uint64_t canary, uint64_t stuck_ms)
{
	runner = (struct runner){ .worker = worker, .canary = canary, .stuck_ms = stuck_ms };
	/* the workers are made one after the other */
	runner.last_pid = getpid() + WORKERS_AT_MOST;
	runner.state = mmap(NULL, sizeof(*runner.state), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cpus_pin((int)worker % cpus_count());
	return runner.state != MAP_FAILED && world_witness_make();
}

/* The kind of a call that must come back by itself, and that a thread is in. */
static enum kind must_come_back(void)
{
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		enum kind kind = runner.state->current[i];

		if (kind != KIND_NONE &&
		    (kinds[kind].how == HOW_MEANS || kinds[kind].how == HOW_TIMED)) {
			return kind;
		}
	}
	return KIND_NONE;
}

static void rest(unsigned nth)
{
	const struct timespec nap = { .tv_nsec = LOOK_NS };

	if (nth < NR_YIELDS) {
		sched_yield();
	} else {
		nanosleep(&nap, NULL);
	}
}

/* What a process that goes on is killed for; false: it may go on. */
static bool is_over(uint64_t start, uint64_t since, unsigned nr_looks)
{
	uint64_t now = now_ms();
	enum kind kind = must_come_back();

	if (kind != KIND_NONE) {
		if (now - since > runner.stuck_ms) {
			complain("%s does not come back: a wake-up is lost", kinds[kind].name);
		}
		return now - since > runner.stuck_ms;
	}
	/* until it makes its first call it sets its memory up */
	return (runner.state->progress && now - since > IDLE_MS && nr_looks > IDLE_LOOKS) ||
	       now - start > LONG_MS;
}

/* Waits for the child; false: it does not end although it was killed. */
static bool look_after(pid_t pid)
{
	uint64_t start = now_ms(), since = start, killed = 0;
	uint32_t seen = 0;
	unsigned seen_nth = 0;
	int status;

	for (unsigned nth = 0;; nth++) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended == pid) {
			return true;
		}
		if (ended < 0) {
			complain("a child is gone without an end");
			return false;
		}
		if (runner.state->progress != seen) {
			seen = runner.state->progress;
			since = now_ms();
			seen_nth = nth;
		}
		if (!killed && is_over(start, since, nth - seen_nth)) {
			kill(pid, SIGKILL);
			killed = now_ms();
		}
		if (killed && now_ms() - killed > runner.stuck_ms) {
			complain("a process that was killed does not end: a wake-up is lost");
			return false;
		}
		rest(nth);
	}
}

static void check_facts(pid_t pid)
{
	struct bw_attack attack = { 0 };
	long status = bw_attack_end(pid, &attack);

	/* kaslr=off: anybody knows where the image is */
	attack.facts &= ~(uint32_t)BW_FACT_BASE;
	if (status == 0 && attack.facts) {
		complain("the witness saw facts 0x%x, uid %d", attack.facts, (int)attack.other_uid);
	}
}

static void check_end(pid_t pid)
{
	static struct bw_report report;

	if (bw_report(pid, &report) == 0 && report.end == BW_END_KERNEL_FAULT &&
	    !sequence_has(running, HOW_FAULTS)) {
		complain("a fault in the kernel: %.150s", report.text);
	}
}

/* What others must not have changed of this process. */
static void check_self(void)
{
	cpu_set_t set;

	if (getuid() != 0 || geteuid() != 0) {
		complain("the worker has another uid");
	}
	if (sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) != 1) {
		complain("the worker may run elsewhere");
	}
	if (!world_witness_holds()) {
		complain("the worker's memory was changed");
	}
}

/* Processes that a sequence may leave behind are found by the witness. */
static bool leaves_processes(const struct sequence *sequence)
{
	for (unsigned i = 0; i < sequence->nr_calls; i++) {
		enum kind kind = sequence->calls[i].kind;

		if (kind == KIND_fork || kind == KIND_vfork || kind == KIND_clone ||
		    kinds[kind].how == HOW_MEANS) {
			return true;
		}
	}
	return sequence->flags & (SEQUENCE_PROCESSES | SEQUENCE_ROOT);
}

bool run(const struct sequence *sequence)
{
	static struct sequence copy;
	pid_t pid;

	memset((void *)runner.state, 0, sizeof(*runner.state));
	copy = *sequence;
	if (leaves_processes(sequence)) {
		copy.flags |= SEQUENCE_WATCHED;
	}
	running = &copy;
	pid = fork();
	if (pid == 0) {
		run_child(running);
	}
	if (pid < 0) {
		complain("the worker cannot fork: %d", errno);
		return false;
	}
	if (look_after(pid)) {
		check_facts(pid);
		check_end(pid);
	}
	check_self();
	return !runner.state->has_complained;
}
