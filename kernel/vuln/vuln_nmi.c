/*
 * An NMI whose handler takes its time, on a processor that another one chooses: a watchdog's, a
 * profiler's. That an attacker can time it stands for the many that he would try.
 */
#include "vuln/nmi.h"

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/smp/apic.h"
#include "core/cpu.h"
#include "task/fault/fault.h"
#include "vuln/vuln.h"

#define ARRIVE_NS (100ul * 1000 * 1000)
#define STAY_NS (1000ul * 1000 * 1000)

/* Whose NMI is asked for, plus one; where its handler was told the registers. */
static uint32_t wanted_cpu;
static uint64_t held;

static bool is_wanted(void)
{
	/* pairs with the stores in the calls below */
	return __atomic_load_n(&wanted_cpu, __ATOMIC_ACQUIRE) == this_cpu()->id + 1;
}

static void stay(const struct regs *regs)
{
	uint64_t limit_ns = clock_now_ns() + STAY_NS;

	if (!is_wanted()) {
		return;
	}
	if (regs->cs & 3) {
		__atomic_store_n(&wanted_cpu, 0, __ATOMIC_RELEASE);
		return;
	}
	__atomic_store_n(&held, (uint64_t)regs, __ATOMIC_RELEASE);
	while (is_wanted() && clock_now_ns() < limit_ns) {
		cpu_relax();
	}
	__atomic_store_n(&held, 0, __ATOMIC_RELEASE);
}

void vuln_nmi_init(void) { fault_on_nmi(stay); }

static uint64_t await(void)
{
	uint64_t limit_ns = clock_now_ns() + ARRIVE_NS, regs;

	do {
		regs = __atomic_load_n(&held, __ATOMIC_ACQUIRE);
	} while (!regs && __atomic_load_n(&wanted_cpu, __ATOMIC_ACQUIRE) &&
		 clock_now_ns() < limit_ns);
	return regs;
}

/* EINVAL: there is no such other processor. */
int64_t sys_vuln_nmi_hold(uint64_t cpu)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	if (cpu >= nr_cpus || cpu == this_cpu()->id) {
		return vuln_leave_unchanged((uint64_t)STATUS_EINVAL);
	}
	__atomic_store_n(&wanted_cpu, (uint32_t)cpu + 1, __ATOMIC_RELEASE);
	apic_send_nmi(cpus[cpu]->apic_id);
	return vuln_leave_unchanged(await());
}

/* Until the handler has gone: what it was told is nobody's then. */
int64_t sys_vuln_nmi_end(void)
{
	uint64_t limit_ns = clock_now_ns() + STAY_NS;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	__atomic_store_n(&wanted_cpu, 0, __ATOMIC_RELEASE);
	while (__atomic_load_n(&held, __ATOMIC_ACQUIRE) && clock_now_ns() < limit_ns) {
		cpu_relax();
	}
	return vuln_leave(0);
}
