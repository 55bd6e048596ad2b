/* One place per CPU: a parked thread keeps its CPU, so there is never a second one. */
#include "vuln/park.h"

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "core/cpu.h"
#include "core/poll.h"
#include "task/process/process.h"

#define LIMIT_NS (20ul * 1000 * 1000 * 1000)

/*
 * A pid: that process has a thread parked here. RELEASED | order: it may leave. 0: nobody. No pid
 * is that large, and a process lives as long as a thread of it is parked.
 */
static uint32_t places[NR_CPUS_MAX];
#define RELEASED (1u << 31)

static bool is_over(const uint32_t *place, uint32_t pid)
{
	/* pairs with the exchange in park_release */
	return __atomic_load_n(place, __ATOMIC_ACQUIRE) != pid || thread_must_exit();
}

status_t park_busy(void (*work)(void *), void *argument)
{
	uint32_t *place = &places[this_cpu()->id], pid = process_current()->pid, found;
	uint64_t limit_ns = clock_now_ns() + LIMIT_NS;

	__atomic_store_n(place, pid, __ATOMIC_RELEASE);
	while (!is_over(place, pid) && clock_now_ns() < limit_ns) {
		poll_requests();
		work(argument);
	}
	found = __atomic_exchange_n(place, 0, __ATOMIC_ACQ_REL);
	if (found == pid) {
		return thread_must_exit() ? STATUS_EINTR : STATUS_ETIMEDOUT;
	}
	return found == (RELEASED | PARK_GO_ON) ? STATUS_OK : STATUS_EINTR;
}

static void idle(void *unused)
{
	(void)unused;
	cpu_relax();
}

status_t park(void) { return park_busy(idle, NULL); }

unsigned park_release(uint32_t pid, enum park_order order)
{
	unsigned nr = 0;

	for (unsigned id = 0; id < nr_cpus; id++) {
		uint32_t expected = pid;

		nr += __atomic_compare_exchange_n(&places[id], &expected, RELEASED | order, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}
	return nr;
}

unsigned park_count(uint32_t pid)
{
	unsigned nr = 0;

	for (unsigned id = 0; id < nr_cpus; id++) {
		nr += __atomic_load_n(&places[id], __ATOMIC_ACQUIRE) == pid;
	}
	return nr;
}
