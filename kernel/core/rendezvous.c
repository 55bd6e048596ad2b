/* Stops the other CPUs by interrupt, which they take only where they are in the middle of nothing.
 */
#include "core/rendezvous.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/registers.h"
#include "core/cpu.h"
#include "core/poll.h"
#include "lib/assert.h"

/* Both atomic. The stop that is going on: its CPU's id + 1; 0: none. */
static uint32_t stopper;
static uint32_t nr_parked;

void rendezvous_park(void)
{
	__atomic_fetch_add(&nr_parked, 1, __ATOMIC_SEQ_CST);
	/* pairs with the store in rendezvous_release */
	while (__atomic_load_n(&stopper, __ATOMIC_ACQUIRE)) {
		poll_requests();
		cpu_relax();
	}
	__atomic_fetch_sub(&nr_parked, 1, __ATOMIC_SEQ_CST);
}

static bool stop_begin(uint32_t self)
{
	uint32_t nobody = 0;

	return __atomic_compare_exchange_n(&stopper, &nobody, self, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

void rendezvous_stop_others(void)
{
	const struct cpu *self = this_cpu();

	assert(self->nr_held == 0);
	/* those of an earlier stop must have left, or they would count for this one */
	while (__atomic_load_n(&nr_parked, __ATOMIC_SEQ_CST) || !stop_begin(self->id + 1)) {
		if (__atomic_load_n(&stopper, __ATOMIC_SEQ_CST)) {
			rendezvous_park();
		}
		poll_requests();
		cpu_relax();
	}
	for (unsigned id = 0; id < nr_cpus; id++) {
		if (cpus[id] != self) {
			COUNT(ipis_sent);
			apic_send_ipi(cpus[id]->apic_id, VECTOR_RENDEZVOUS);
		}
	}
	while (__atomic_load_n(&nr_parked, __ATOMIC_SEQ_CST) < nr_cpus - 1) {
		poll_requests();
		cpu_relax();
	}
}

void rendezvous_release(void) { __atomic_store_n(&stopper, 0, __ATOMIC_RELEASE); }
