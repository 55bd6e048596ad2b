/* Rounds of the stress program that use threads. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attack.h"
#include "stress.h"

enum { MOST_THREADS = 6, NR_STEPS = 20 };

struct team {
	pthread_mutex_t mutex;
	pthread_cond_t all_here;
	unsigned int nr, nr_here;
	unsigned long counter;
	bool is_wrong;
};

/* Maps, touches, unmaps and counts, all at the same time as the others. */
static void *member(void *argument)
{
	struct team *team = argument;

	for (int step = 0; step < NR_STEPS; step++) {
		volatile uint64_t *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		pthread_mutex_lock(&team->mutex);
		team->counter++;
		pthread_mutex_unlock(&team->mutex);
		if (page != MAP_FAILED) {
			team->is_wrong = team->is_wrong || *page != 0;
			*page = (uintptr_t)&page;
			sched_yield();
			team->is_wrong = team->is_wrong || *page != (uintptr_t)&page;
			munmap((void *)page, BW_PAGE_SIZE);
		}
	}
	pthread_mutex_lock(&team->mutex);
	if (++team->nr_here == team->nr) {
		pthread_cond_broadcast(&team->all_here);
	}
	while (team->nr_here < team->nr) {
		pthread_cond_wait(&team->all_here, &team->mutex);
	}
	pthread_mutex_unlock(&team->mutex);
	return NULL;
}

static void leave_out(struct team *team, unsigned int nr)
{
	pthread_mutex_lock(&team->mutex);
	team->nr -= nr;
	if (team->nr_here >= team->nr) {
		pthread_cond_broadcast(&team->all_here);
	}
	pthread_mutex_unlock(&team->mutex);
}

enum stress_result stress_threads(void)
{
	unsigned int nr_wanted = 1 + stress_random(MOST_THREADS), nr = 0;
	struct team team = { .mutex = PTHREAD_MUTEX_INITIALIZER,
			     .all_here = PTHREAD_COND_INITIALIZER,
			     .nr = nr_wanted };
	pthread_t threads[MOST_THREADS];

	while (nr < nr_wanted && pthread_create(&threads[nr], NULL, member, &team) == 0) {
		nr++;
	}
	leave_out(&team, nr_wanted - nr);
	for (unsigned int i = 0; i < nr; i++) {
		pthread_join(threads[i], NULL);
	}
	if (team.is_wrong) {
		return stress_complain("a thread's new page was not its own");
	}
	if (team.counter != (unsigned long)nr * NR_STEPS) {
		return stress_complain("%u threads counted to %lu", nr, team.counter);
	}
	return nr == nr_wanted ? STRESS_DONE : STRESS_REFUSED;
}

/* One writes and replaces a page, the other must see each step. */
struct remap {
	volatile uint64_t *page;
	volatile unsigned int step, seen; /* even: the page holds the step; odd: it is new, and 0 */
	volatile uint64_t wrong;
	volatile bool is_wrong;
};

static void *remap_reader(void *argument)
{
	struct remap *remap = argument;

	for (unsigned int step = 1; step <= 2 * NR_STEPS; step++) {
		uint64_t value;

		while (__atomic_load_n(&remap->step, __ATOMIC_ACQUIRE) < step) {
			sched_yield();
		}
		value = *remap->page;
		if (value != (step % 2 ? 0 : step)) {
			remap->wrong = value;
			remap->is_wrong = true;
		}
		__atomic_store_n(&remap->seen, step, __ATOMIC_RELEASE);
	}
	return NULL;
}

static bool page_renew(volatile uint64_t *page)
{
	switch (stress_random(3)) {
	case 0: return madvise((void *)page, BW_PAGE_SIZE, MADV_DONTNEED) == 0;
	case 1: munmap((void *)page, BW_PAGE_SIZE); break;
	default: break;
	}
	return mmap((void *)page, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page;
}

static enum stress_result remap_write(struct remap *remap)
{
	for (unsigned int step = 1; step <= 2 * NR_STEPS; step++) {
		if (step % 2 == 0) {
			*remap->page = step;
		} else if (!page_renew(remap->page)) {
			/* the reader may fault on what is not there: nothing to go on with */
			_exit(0);
		}
		__atomic_store_n(&remap->step, step, __ATOMIC_RELEASE);
		while (__atomic_load_n(&remap->seen, __ATOMIC_ACQUIRE) < step) {
			sched_yield();
		}
	}
	return remap->is_wrong ? stress_complain("a replaced page still holds 0x%lx", remap->wrong)
			       : STRESS_DONE;
}

enum stress_result stress_remap(void)
{
	struct remap remap = { .page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) };
	enum stress_result result = STRESS_REFUSED;
	pthread_t reader;

	if (remap.page == MAP_FAILED) {
		return STRESS_REFUSED;
	}
	if (pthread_create(&reader, NULL, remap_reader, &remap) == 0) {
		result = remap_write(&remap);
		pthread_join(reader, NULL);
	}
	munmap((void *)remap.page, BW_PAGE_SIZE);
	return result;
}

enum stress_result stress_migrate(void)
{
	unsigned int nr_cpus = attack_nr_cpus();
	cpu_set_t set;

	for (int step = 0; step < NR_STEPS; step++) {
		unsigned int cpu = stress_random(nr_cpus);

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set) != 0) {
			return stress_complain("a thread cannot be pinned to CPU %u", cpu);
		}
		if (sched_getcpu() != (int)cpu) {
			return stress_complain("pinned to CPU %u, running on %d", cpu,
					       sched_getcpu());
		}
	}
	return STRESS_DONE;
}

static void *spin(void *forever)
{
	while (*(volatile bool *)forever) {}
	return NULL;
}

static void *sleep_on(void *forever)
{
	while (*(volatile bool *)forever) {
		stress_nap_us(1000);
	}
	return NULL;
}

/* Ends with threads of all kinds alive: by an exit, or by a fault. */
static int end_with_threads(void *how)
{
	static bool forever = true;
	pthread_t thread;

	for (unsigned int i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, i == 0 ? spin : sleep_on, &forever);
	}
	stress_nap_us(stress_random(2000));
	if (*(unsigned int *)how) {
		stress_touch_nothing();
	}
	return 0;
}

enum stress_result stress_orphan_threads(void)
{
	unsigned int how = stress_random(2);
	int status = child_run(end_with_threads, &how);

	return how ? stress_expect_signal("a crash with threads", status, SIGSEGV)
		   : stress_expect_exit("an exit with threads", status, 0);
}
