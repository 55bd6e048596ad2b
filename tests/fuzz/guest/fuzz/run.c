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

#include "../../kernel/fuzz_abi.h"
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
	BUSY_MS = 40000, /* the same of what must come back by itself: forty hogs do, some day */
	TIMED_IDLE_MS = 100, /* the same of what must come back by itself */
	NUDGES_MAX = 2,      /* the first one marks who sleeps */
	NUDGE_LOOKS = 16,    /* between two, and behind the last */
};

#define KERNEL_HALF (UINT64_MAX << 47)

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
	runner.nr_ranges = bw_ptdump(0, BW_ROOT_KERNEL, KERNEL_HALF, runner.ranges, RANGES_MAX);
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
static bool is_over(uint64_t start, uint64_t since, bool is_idle)
{
	uint64_t now = now_ms();
	enum kind kind = must_come_back();

	if (kind != KIND_NONE) {
		if (now - since > runner.stuck_ms) {
			complain("%s does not come back: a wake-up is lost", kinds[kind].name);
		}
		return now - since > runner.stuck_ms || now - start > BUSY_MS;
	}
	return is_idle || now - start > LONG_MS;
}

/* How a process has been seen to go on. */
struct watch {
	pid_t pid;
	uint64_t start, since, killed; /* ms; when it last began or ended a call; 0: not killed */
	uint32_t seen;                 /* its progress */
	unsigned nr_looks;             /* without progress */
	unsigned nr_nudges;            /* the same */
	bool was_nudged;
	enum kind kind; /* of a call that was under way then */
};

/* A reader learns of other settings of the console when it looks again: others may change them. */
static bool is_reading(void)
{
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		if (runner.state->current[i] == KIND_read ||
		    runner.state->current[i] == KIND_readv) {
			return true;
		}
	}
	return false;
}

/* Nothing goes on; until it makes its first call it sets its memory up. */
static bool is_idle(const struct watch *watch)
{
	return watch->seen && now_ms() - watch->since > IDLE_MS && watch->nr_looks > IDLE_LOOKS;
}

static enum kind kind_under_way(void)
{
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		if (runner.state->current[i] != KIND_NONE) {
			return runner.state->current[i];
		}
	}
	return KIND_NONE;
}

static void watch_progress(struct watch *watch, bool has_ended)
{
	uint32_t progress = runner.state->progress;

	if (progress == watch->seen && !has_ended) {
		watch->nr_looks++;
		return;
	}
	if (watch->was_nudged && !watch->killed) {
		runner.state->is_doubtful = true;
		complain("%s goes on once it is woken for no reason: a wake-up is lost",
			 watch->kind ? kinds[watch->kind].name : "a process");
	}
	*watch = (struct watch){ .pid = watch->pid,
				 .start = watch->start,
				 .killed = watch->killed,
				 .since = now_ms(),
				 .seen = progress };
}

/*
 * One that sleeps is woken for no reason (fuzz_abi.h), which must change nothing. True: it has
 * been, for some time.
 */
static bool has_been_nudged(struct watch *watch)
{
	bool is_due = must_come_back() == KIND_NONE || now_ms() - watch->since > TIMED_IDLE_MS;

	if (watch->nr_nudges < NUDGES_MAX && is_due && watch->nr_looks % NUDGE_LOOKS == 0) {
		bool slept = syscall(FUZZ_CALL, FUZZ_NUDGE, runner.worker, watch->pid, 0) > 0;

		watch->nr_nudges++;
		watch->was_nudged = slept && !is_reading();
		watch->kind = kind_under_way();
	}
	return watch->nr_nudges == NUDGES_MAX && watch->nr_looks % NUDGE_LOOKS == NUDGE_LOOKS - 1;
}

/* Waits for the child; false: it does not end although it was killed. */
static bool look_after(pid_t pid)
{
	struct watch watch = { .pid = pid, .start = now_ms(), .since = now_ms() };
	int status;

	for (unsigned nth = 0;; nth++) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		bool idle;

		watch_progress(&watch, ended == pid);
		if (ended == pid) {
			return true;
		}
		if (ended < 0) {
			complain("a child is gone without an end");
			return false;
		}
		idle = !watch.killed && is_idle(&watch) && has_been_nudged(&watch);
		if (!watch.killed && is_over(watch.start, watch.since, idle)) {
			kill(pid, SIGKILL);
			watch.killed = now_ms();
		}
		if (watch.killed && now_ms() - watch.killed > runner.stuck_ms) {
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
