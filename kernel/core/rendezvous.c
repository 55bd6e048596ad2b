/* Stops the other CPUs by interrupt, which they take only where they are in the middle of nothing.
 */
#include "core/rendezvous.h"

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/pic.h"
#include "arch/x86_64/smp/apic.h"
#include "core/cpu.h"
#include "core/poll.h"
#include "lib/assert.h"

/*
 * All atomic. A stop has an odd number; even: none is going on. Each CPU tells which stop it waits
 * for: one that leaves an earlier stop late must not be taken for one that waits.
 */
static uint64_t stop;
static uint64_t waits_for[NR_CPUS_MAX];
/* The number of the CPU that began it, plus 1; 0: none has said so. */
static uint32_t stopper;

/* What the stopped CPUs are to call; NULL: nothing. How many have yet to come back from it. */
static void (*errand)(void);
static uint32_t nr_running;

/* Once each time that there is one. */
static void run_errand(bool *has_run)
{
	/* pairs with the stores in rendezvous_run */
	void (*function)(void) = __atomic_load_n(&errand, __ATOMIC_ACQUIRE);

	if (function && !*has_run) {
		function();
		*has_run = true;
		__atomic_fetch_sub(&nr_running, 1, __ATOMIC_SEQ_CST);
	}
}

static void interrupt_others(enum vector vector)
{
	for (unsigned id = 0; id < nr_cpus; id++) {
		if (cpus[id] != this_cpu()) {
			COUNT(ipis_sent);
			apic_send_ipi(cpus[id]->apic_id, vector);
		}
	}
}

/* Of the 8259's interrupts, which the boot CPU takes. They would be let in beside the requests. */
static bool takes_device_interrupts(void) { return this_cpu()->id == 0; }

/*
 * A CPU that spun would take its turns from those that work, wherever an emulator's CPUs share
 * the host's. An interrupt announces each change, and one that comes after the look ends the wait.
 */
static void wait_for_end_of(uint64_t current)
{
	bool has_run = false;

	if (takes_device_interrupts()) {
		pic_hold();
	}
	/* pairs with the store in rendezvous_release */
	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == current) {
		run_errand(&has_run);
		poll_requests();
		apic_wait_for_cpus();
	}
	if (takes_device_interrupts()) {
		pic_resume();
	}
}

void rendezvous_park(void)
{
	/* pairs with the exchange in stop_begin */
	uint64_t current = __atomic_load_n(&stop, __ATOMIC_ACQUIRE);

	if (current % 2 == 0) {
		return; /* the interrupt came late */
	}
	/* pairs with the load in rendezvous_stop_others */
	__atomic_store_n(&waits_for[this_cpu()->id], current, __ATOMIC_RELEASE);
	wait_for_end_of(current);
}

/* The number of the stop that it began; 0: another is going on. */
static uint64_t stop_begin(void)
{
	uint64_t last = __atomic_load_n(&stop, __ATOMIC_RELAXED);

	return last % 2 == 0 && __atomic_compare_exchange_n(&stop, &last, last + 1, false,
							    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)
		       ? last + 1
		       : 0;
}

void rendezvous_stop_others(void)
{
	const struct cpu *self = this_cpu();
	uint64_t own;

	assert(self->nr_held == 0);
	while (!(own = stop_begin())) {
		rendezvous_park();
	}
	__atomic_store_n(&stopper, self->id + 1, __ATOMIC_RELAXED);
	interrupt_others(VECTOR_RENDEZVOUS);
	for (unsigned id = 0; id < nr_cpus; id++) {
		while (cpus[id] != self &&
		       __atomic_load_n(&waits_for[id], __ATOMIC_ACQUIRE) != own) {
			poll_requests();
			cpu_relax();
		}
	}
}

/* One errand a stop: who has run it does not look for another. */
void rendezvous_run(void (*function)(void))
{
	assert(!errand);
	__atomic_store_n(&nr_running, nr_cpus - 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&errand, function, __ATOMIC_RELEASE);
	interrupt_others(VECTOR_WAKE);
	function();
	while (__atomic_load_n(&nr_running, __ATOMIC_SEQ_CST)) {
		poll_requests();
		cpu_relax();
	}
	__atomic_store_n(&errand, NULL, __ATOMIC_SEQ_CST);
}

bool rendezvous_involves_us(void)
{
	unsigned self = this_cpu()->id;
	uint64_t current = __atomic_load_n(&stop, __ATOMIC_RELAXED);

	return current % 2 != 0 && (__atomic_load_n(&stopper, __ATOMIC_RELAXED) == self + 1 ||
				    __atomic_load_n(&waits_for[self], __ATOMIC_RELAXED) == current);
}

void rendezvous_release(void)
{
	__atomic_store_n(&stopper, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&stop, stop + 1, __ATOMIC_RELEASE);
	interrupt_others(VECTOR_WAKE);
}
