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
	UID_FIRST = 2000,
	FORKS_MAX = 2,         /* generations of processes */
	NR_YIELDS = 40,        /* before the worker sleeps between looks */
	LOOK_NS = 300000,
	IDLE_MS = 5,           /* without a call begun or ended: it waits for what may never come */
	LONG_MS = 3000,        /* however busy it is */
};

struct runner runner;
static const struct sequence *running;
static unsigned nr_forks;

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
	runner.state = mmap(NULL, sizeof(*runner.state), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cpus_pin((int)worker % cpus_count());
	return runner.state != MAP_FAILED && world_witness_make();
}

/* Another thread may be about to make the call. */
static uint64_t result_of(unsigned nth)
{
	for (unsigned i = 0; i < NR_YIELDS && !runner.state->is_made[nth]; i++) {
		sched_yield();
	}
	return runner.state->results[nth];
}

static uint64_t resolve(uint64_t value)
{
	uint32_t low = (uint32_t)value;

	switch (value >> 32) {
	case SPECIAL_RESULT: return result_of(low % CALLS_MAX);
	case SPECIAL_SELF: return (uint64_t)syscall(SYS_getpid);
	case SPECIAL_PARENT: return (uint64_t)syscall(SYS_getppid);
	case SPECIAL_CANARY: return runner.canary + low;
	default: return value;
	}
}

static bool is_means(const struct call *call) { return kinds[call->kind].how == HOW_MEANS; }

/* A thread whose first call is a MEANS does nothing but these, in a process of its own. */
static bool thread_is_means(unsigned thread)
{
	for (unsigned i = 0; i < running->nr_calls; i++) {
		if (running->calls[i].thread == thread) {
			return is_means(&running->calls[i]);
		}
	}
	return false;
}

static void perform(unsigned nth, unsigned thread)
{
	const struct call *call = &running->calls[nth];
	struct run_state *state = runner.state;
	uint64_t arguments[ARGUMENTS_MAX];

	for (unsigned i = 0; i < call->repeat; i++) {
		/* a child goes on with the same calls: two to the number of them */
		if (call->kind == KIND_fork && nr_forks++ >= FORKS_MAX) {
			return;
		}
		for (unsigned j = 0; j < ARGUMENTS_MAX; j++) {
			arguments[j] = resolve(call->arguments[j]);
		}
		__atomic_fetch_add(&state->progress, 1, __ATOMIC_RELAXED);
		state->current[thread] = call->kind;
		if (is_means(call)) {
			means(call->kind, arguments[0]);
		} else {
			state->results[nth] = act(call->kind, arguments,
						  running->flags & SEQUENCE_ROOT);
			state->is_made[nth] = true;
		}
		state->current[thread] = KIND_NONE;
		__atomic_fetch_add(&state->progress, 1, __ATOMIC_RELAXED);
	}
}

static void thread_run(unsigned thread, unsigned nr_threads)
{
	bool for_means = thread_is_means(thread);

	cpus_pin((int)(runner.worker + thread) % cpus_count());
	__atomic_fetch_add(&runner.state->nr_started, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 1000 && runner.state->nr_started < nr_threads; i++) {
		sched_yield();
	}
	for (unsigned i = 0; i < running->nr_calls; i++) {
		if (running->calls[i].thread == thread && is_means(&running->calls[i]) == for_means) {
			perform(i, thread);
		}
	}
}

static void *thread_body(void *thread)
{
	thread_run((unsigned)(uintptr_t)thread, sequence_nr_threads(running));
	return NULL;
}

/* Every processor, for those that wish to move. */
static void unpin(void)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
}

/* All of them are children, so that a MEANS has none but its own. */
static void processes_run(unsigned nr_threads)
{
	pid_t pids[THREADS_MAX];

	for (unsigned i = 0; i < nr_threads; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			thread_run(i, nr_threads);
			_exit(0);
		}
	}
	for (unsigned i = 0; i < nr_threads; i++) {
		waitpid(pids[i], NULL, 0);
	}
}

static void threads_run(unsigned nr_threads)
{
	pthread_t threads[THREADS_MAX];
	bool is_there[THREADS_MAX] = { false };

	for (unsigned i = 1; i < nr_threads; i++) {
		is_there[i] = pthread_create(&threads[i], NULL, thread_body,
					     (void *)(uintptr_t)i) == 0;
	}
	thread_run(0, nr_threads);
	for (unsigned i = 1; i < nr_threads; i++) {
		if (is_there[i]) {
			pthread_join(threads[i], NULL);
		}
	}
}

static _Noreturn void child(void)
{
	unsigned nr_threads = sequence_nr_threads(running);
	bool in_processes = running->flags & SEQUENCE_PROCESSES || sequence_has(running, HOW_MEANS);

	unpin();
	if (running->flags & SEQUENCE_WATCHED && bw_call_job_begin(BW_JOB_ATTACK) < 0) {
		_exit(1);
	}
	if ((!(running->flags & SEQUENCE_ROOT) && setuid(UID_FIRST + runner.worker)) ||
	    !world_make()) {
		_exit(1);
	}
	if (in_processes) {
		processes_run(nr_threads);
	} else {
		threads_run(nr_threads);
	}
	if (runner.canary && world_has_canary()) {
		complain("a call showed kernel memory");
	}
	_exit(0);
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
static bool is_over(uint64_t start, uint64_t since)
{
	uint64_t now = now_ms();
	enum kind kind = must_come_back();

	if (kind != KIND_NONE) {
		if (now - since > runner.stuck_ms) {
			complain("%s does not come back: a wake-up is lost", kinds[kind].name);
		}
		return now - since > runner.stuck_ms;
	}
	return now - since > IDLE_MS || now - start > LONG_MS;
}

/* Waits for the child; false: it does not end although it was killed. */
static bool look_after(pid_t pid)
{
	uint64_t start = now_ms(), since = start, killed = 0;
	uint32_t seen = 0;
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
		}
		if (!killed && is_over(start, since)) {
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
		child();
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
