/* Who waits for which CPU. */
#include "task/sched/run_queue.h"

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/smp/apic.h"
#include "core/lock.h"
#include "lib/assert.h"
#include "task/process/process.h"
#include "task/sched/bands.h"
#include "task/sched/run_time.h"

enum { SLICES_PER_S = 100 };

/* Each in cache lines of its own. */
struct run_queue {
	struct lock lock;
	struct bands ready; /* guarded by lock */
	uint32_t nr_ready;  /* written with the lock, read without: a guess then */
} __attribute__((aligned(128)));

static struct run_queue queues[NR_CPUS_MAX];
RO_AFTER_INIT uint64_t slice_ticks;
/* CPUs that wait for an interrupt, or are about to. A hint: a wrong one costs time only. */
static struct cpu_set idle_cpus;

void run_queue_init(uint32_t cpu)
{
	lock_init(&queues[cpu].lock, "run queue", RANK_run_queue);
	bands_init(&queues[cpu].ready);
	slice_ticks = clock_tsc_hz() / SLICES_PER_S;
}

static_assert(BAND_ROOT_SPENT == BAND_ROOT_FRESH + 1 && BAND_USER_SPENT == BAND_USER_FRESH + 1,
	      "the SPENT band follows the FRESH one");

static uint32_t nr_ready(uint32_t cpu)
{
	return __atomic_load_n(&queues[cpu].nr_ready, __ATOMIC_RELAXED);
}

void cpu_kick(uint32_t id)
{
	if (id != this_cpu()->id) {
		COUNT(ipis_sent);
		apic_send_ipi(cpus[id]->apic_id, VECTOR_RESCHEDULE);
	}
}

/* Caller holds queue->lock. */
static inline void push(struct run_queue *queue, struct thread *thread, enum band band)
{
	assert(lock_is_held(&queue->lock));
	thread->band = (uint8_t)band;
	bands_push(&queue->ready, &thread->run_node, band);
	__atomic_store_n(&queue->nr_ready, queue->nr_ready + 1, __ATOMIC_RELAXED);
}

/*
 * Caller holds queue->lock. The exchange is the barrier between "runs here" and the look at whether
 * the thread must end: sched_interrupt either sees it RUNNING, or is seen.
 */
static inline struct thread *unlink(struct run_queue *queue, struct list *node)
{
	struct thread *thread = LIST_ENTRY(node, struct thread, run_node);

	assert(lock_is_held(&queue->lock));
	list_remove(node);
	__atomic_store_n(&queue->nr_ready, queue->nr_ready - 1, __ATOMIC_RELAXED);
	if (band_is_spent(thread->band)) {
		thread->slice_end =
			slice_next(sched_run_time(thread), thread->slice_end, slice_ticks);
	}
	__atomic_exchange_n(&thread->state, THREAD_RUNNING, __ATOMIC_SEQ_CST);
	return thread;
}

/* An idle CPU that the thread may run on; nr_cpus: none. */
static uint32_t find_idle(const struct thread *thread)
{
	for (uint32_t first = 0; first < nr_cpus; first += 64) {
		uint64_t idle =
			__atomic_load_n(&idle_cpus.words[first / 64], __ATOMIC_RELAXED) &
			__atomic_load_n(&thread->allowed.words[first / 64], __ATOMIC_RELAXED);

		if (idle) {
			return first + (uint32_t)__builtin_ctzl(idle);
		}
	}
	return nr_cpus;
}

/* Takes it off the set, so that the next thread goes elsewhere. */
static bool claim_idle(uint32_t id)
{
	uint64_t bit = 1ul << (id % 64);

	return __atomic_fetch_and(&idle_cpus.words[id / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

/* The allowed CPU with the fewest threads waiting, this one among equals; while the set is being
 * changed and seems empty: the one where the thread was, from which it moves later. */
static uint32_t find_least_loaded(const struct thread *thread)
{
	uint32_t self = this_cpu()->id;
	uint32_t best = cpu_set_has(&thread->allowed, self) ? self : nr_cpus;

	for (uint32_t id = 0; id < nr_cpus; id++) {
		if (cpu_set_has(&thread->allowed, id) &&
		    (best == nr_cpus || nr_ready(id) < nr_ready(best))) {
			best = id;
		}
	}
	return best < nr_cpus ? best : thread->cpu;
}

static bool is_idle(uint32_t id)
{
	return __atomic_load_n(&cpus[id]->current, __ATOMIC_RELAXED) == cpus[id]->idle;
}

/* For a thread that is off its CPU: the CPU where it ran, if that idles with nothing queued; or
 * another that idles, which is taken off the set; nr_cpus: none idles. */
static uint32_t choose_idle(const struct thread *thread)
{
	uint32_t last = thread->cpu, idle;

	if (cpu_set_has(&thread->allowed, last) && is_idle(last) && nr_ready(last) == 0) {
		return last;
	}
	do {
		idle = find_idle(thread);
	} while (idle < nr_cpus && !claim_idle(idle));
	return idle;
}

static inline bool is_here(uint32_t id) { return id == PERCPU_READ32(offsetof(struct cpu, id)); }

/* thread->cpu's queue. noinline: what comes before it calls nothing, and so saves no registers. */
static __attribute__((noinline)) void add_to_its(struct thread *thread)
{
	uint32_t id = thread->cpu;
	struct run_queue *queue = &queues[id];
	bool kick;

	lock_acquire(&queue->lock);
	push(queue, thread, thread->band_fresh + (sched_run_time(thread) >= thread->slice_end));
	/* it looks at its queue with interrupts off before it waits for one, so either it sees the
	 * thread or the interrupt ends the wait */
	kick = !is_here(id) && is_idle(id);
	lock_release(&queue->lock);
	if (UNLIKELY(kick)) {
		cpu_kick(id);
	}
}

static __attribute__((noinline)) void add_choosing(struct thread *thread)
{
	uint32_t last = thread->cpu, id = choose_idle(thread);

	if (id == nr_cpus) {
		id = cpu_set_has(&thread->allowed, last) && sched_run_time(thread)
			     ? last
			     : find_least_loaded(thread);
	}
	thread->cpu = id;
	add_to_its(thread);
}

/* True: no CPU that the thread may run on idles. Looks at the first 64 CPUs alone, so with more it
 * is always false. */
static inline bool finds_none_idle(const struct thread *thread)
{
	return !(__atomic_load_n(&idle_cpus.words[0], __ATOMIC_RELAXED) &
		 __atomic_load_n(&thread->allowed.words[0], __ATOMIC_RELAXED)) &&
	       nr_cpus <= 64;
}

/* As most do: it is not out of its CPU yet, or has run there, still may, and no other idles. */
static inline bool stays(const struct thread *thread)
{
	return !thread_is_off_cpu(thread) || (sched_run_time(thread) && finds_none_idle(thread) &&
					      cpu_set_has(&thread->allowed, thread->cpu));
}

void run_queue_add(struct thread *thread)
{
	if (LIKELY(stays(thread))) {
		add_to_its(thread);
	} else {
		add_choosing(thread);
	}
}

static __attribute__((noinline)) struct thread *take_from(struct run_queue *queue)
{
	struct thread *thread = NULL;
	struct list *first;

	lock_acquire(&queue->lock);
	first = bands_next(&queue->ready);
	if (first) {
		thread = unlink(queue, first);
	}
	lock_release(&queue->lock);
	return thread;
}

struct thread *run_queue_take(void)
{
	return take_from(&queues[PERCPU_READ32(offsetof(struct cpu, id))]);
}

struct thread *run_queue_rotate(struct thread *current)
{
	struct run_queue *queue = &queues[this_cpu()->id];
	struct thread *thread = NULL;
	struct list *first;

	lock_acquire(&queue->lock);
	first = bands_next(&queue->ready);
	if (first) {
		thread = unlink(queue, first);
		__atomic_store_n(&current->state, THREAD_READY, __ATOMIC_RELEASE);
		push(queue, current, current->band_fresh + 1u);
	}
	lock_release(&queue->lock);
	return thread;
}

/* Caller holds queue->lock. The first one that fits, in the order of the bands. */
static struct list *find(struct run_queue *queue, bool (*fits)(const struct thread *))
{
	assert(lock_is_held(&queue->lock));
	for (unsigned band = 0; band < NR_BANDS; band++) {
		LIST_FOR_EACH (node, &queue->ready.lists[band]) {
			if (fits(LIST_ENTRY(node, struct thread, run_node))) {
				return node;
			}
		}
	}
	return NULL;
}

static bool may_come_here(const struct thread *thread)
{
	return thread_is_off_cpu(thread) && cpu_set_has(&thread->allowed, this_cpu()->id);
}

static struct thread *steal_from(struct run_queue *queue)
{
	struct list *found;
	struct thread *thread = NULL;

	lock_acquire(&queue->lock);
	found = find(queue, may_come_here);
	if (found) {
		LIST_ENTRY(found, struct thread, run_node)->cpu = this_cpu()->id;
		thread = unlink(queue, found);
	}
	lock_release(&queue->lock);
	return thread;
}

struct thread *run_queue_steal(void)
{
	uint32_t self = this_cpu()->id, nr = nr_cpus;

	for (uint32_t i = 1; i < nr; i++) {
		uint32_t id = (self + i) % nr;
		struct thread *thread;

		/* an idle CPU has been told already */
		if (nr_ready(id) == 0 || is_idle(id)) {
			continue;
		}
		thread = steal_from(&queues[id]);
		if (thread) {
			COUNT(steals);
			return thread;
		}
	}
	return NULL;
}

uint32_t run_queue_load(void)
{
	uint32_t nr = 0;

	for (uint32_t id = 0; id < nr_cpus; id++) {
		nr += nr_ready(id) + !is_idle(id);
	}
	return nr;
}

bool run_queue_is_empty(void) { return nr_ready(this_cpu()->id) == 0; }

void run_queue_idle_begin(void)
{
	uint32_t id = this_cpu()->id;

	__atomic_fetch_or(&idle_cpus.words[id / 64], 1ul << (id % 64), __ATOMIC_SEQ_CST);
}

void run_queue_idle_end(void)
{
	uint32_t id = this_cpu()->id;

	__atomic_fetch_and(&idle_cpus.words[id / 64], ~(1ul << (id % 64)), __ATOMIC_SEQ_CST);
}

static bool may_go_to_idle(const struct thread *thread) { return find_idle(thread) < nr_cpus; }

/* The first that waits and may go decides where to: whoever comes takes any that it may. */
void run_queue_tick(const struct thread *current)
{
	struct run_queue *queue = &queues[this_cpu()->id];
	uint32_t idle = nr_cpus;
	struct list *found;

	if (run_queue_is_empty()) {
		return;
	}
	lock_acquire(&queue->lock);
	bands_tick(&queue->ready, current->band_fresh == BAND_ROOT_FRESH);
	found = find(queue, may_go_to_idle);
	if (found) {
		idle = find_idle(LIST_ENTRY(found, struct thread, run_node));
	}
	lock_release(&queue->lock);
	if (idle < nr_cpus) {
		cpu_kick(idle);
	}
}
