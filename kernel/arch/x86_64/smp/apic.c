/* The local APIC, by MSR or by memory. */
#include "arch/x86_64/smp/apic.h"

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/entry/upcall.h"

/* Offsets of the memory-mapped form; the MSR is MSR_X2APIC + offset / 16. */
enum apic_register {
	APIC_ID = 0x20,
	APIC_TASK_PRIORITY = 0x80,
	APIC_END_OF_INTERRUPT = 0xb0,
	APIC_SPURIOUS = 0xf0,
	APIC_COMMAND = 0x300,
	APIC_COMMAND_TARGET = 0x310,
	APIC_TIMER = 0x320,
	APIC_LINT0 = 0x350,
	APIC_LINT1 = 0x360,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};
enum {
	SPURIOUS_ENABLE = 1 << 8,
	LVT_MASKED = 1 << 16,
	LVT_EXTINT = 7 << 8,
	LVT_NMI = 4 << 8,
	TIMER_PERIODIC = 1 << 17,
	DIVIDE_BY_16 = 3,
};
enum {
	COMMAND_NMI = 4 << 8,
	COMMAND_INIT = 5 << 8,
	COMMAND_STARTUP = 6 << 8,
	COMMAND_PENDING = 1 << 12,
	COMMAND_ASSERT = 1 << 14
};
#define NS_PER_S 1000000000ul
#define CALIBRATION_NS 10000000ul
#define ONCE_MIN_NS 10000ul
/* The priority class of a vector is its upper four bits. */
enum { VECTORS_PER_CLASS = 16 };
enum { APIC_BASE_X2APIC = 1 << 10, APIC_BASE_ENABLE = 1 << 11 };

static RO_AFTER_INIT va_t base;
static RO_AFTER_INIT bool is_x2apic, is_private;
static RO_AFTER_INIT uint32_t timer_hz; /* after the divider */

/* Around each use of the registers: they are mapped in between. */
static uint64_t apic_open(void) { return is_private ? upcall_apic_open() : 0; }

static void apic_close(uint64_t opening)
{
	if (is_private) {
		upcall_apic_close(opening);
	}
}

static uint32_t apic_read(enum apic_register reg)
{
	if (is_x2apic) {
		return (uint32_t)msr_read(MSR_X2APIC + reg / 16);
	}
	return *(volatile uint32_t *)(base.va + reg);
}

static inline __attribute__((always_inline)) void apic_write(enum apic_register reg, uint32_t value)
{
	if (is_x2apic) {
		msr_write(MSR_X2APIC + reg / 16, value);
	} else {
		*(volatile uint32_t *)(base.va + reg) = value;
	}
}

pa_t apic_base(void) { return (pa_t){ msr_read(MSR_APIC_BASE) & 0x000ffffffffff000ul }; }

static void enable(uint32_t lint0)
{
	uint64_t opening;

	msr_write(MSR_APIC_BASE,
		  msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE | (is_x2apic ? APIC_BASE_X2APIC : 0));
	opening = apic_open();
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_LINT0, lint0);
	apic_write(APIC_LINT1, LVT_NMI);
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_close(opening);
}

/* Stopped while the mode changes: a count left from the old one must not run in the new one. */
static void timer_set(uint32_t mode, uint64_t count)
{
	uint64_t opening = apic_open();

	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_TIMER, mode | VECTOR_TIMER);
	apic_write(APIC_TIMER_INITIAL, (uint32_t)count);
	apic_close(opening);
}

void apic_init(enum apic_access access, va_t registers)
{
	base = registers;
	is_x2apic = access == APIC_BY_MSR;
	is_private = access == APIC_PRIVATE;
	enable(LVT_EXTINT);
	timer_set(LVT_MASKED, UINT32_MAX);
}

void apic_timer_calibrate(void)
{
	uint64_t nr_ticks, opening;

	/* clock_init took as long as that, unless there is no 8254 */
	while (clock_now_ns() < CALIBRATION_NS) {
		cpu_relax();
	}
	opening = apic_open();
	nr_ticks = UINT32_MAX - apic_read(APIC_TIMER_CURRENT);
	timer_hz = (uint32_t)(nr_ticks * NS_PER_S / clock_now_ns());
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_close(opening);
}

void apic_init_cpu(void) { enable(LVT_MASKED); }

void apic_timer_start(unsigned hz) { timer_set(TIMER_PERIODIC, MAX(timer_hz / hz, 1u)); }

void apic_timer_start_once(uint64_t ns)
{
	/* within these bounds the product fits, and the count; a deadline so near that the
	 * interrupt would come at once is not worth an interrupt each */
	uint64_t wait_ns = MIN(MAX(ns, ONCE_MIN_NS), NS_PER_S);

	timer_set(0, MAX(wait_ns * timer_hz / NS_PER_S, 1ul));
}

static inline __attribute__((always_inline)) void write_alone(enum apic_register reg,
							      uint32_t value)
{
	uint64_t opening = apic_open();

	apic_write(reg, value);
	apic_close(opening);
}

void apic_timer_stop(void) { write_alone(APIC_TIMER_INITIAL, 0); }

void apic_end_of_interrupt(void) { write_alone(APIC_END_OF_INTERRUPT, 0); }

uint32_t apic_id(void)
{
	uint64_t opening = apic_open();
	uint32_t id = apic_read(APIC_ID);

	apic_close(opening);
	return is_x2apic ? id : id >> 24;
}

va_t apic_registers(void) { return is_x2apic || is_private ? (va_t){ 0 } : base; }

const char *apic_mode_name(void) { return is_x2apic ? "x2APIC" : "xAPIC"; }

/* A command is a constant, so that no handler's copy of registers makes another of it: STARTUP has
 * the processor run what is in low memory. */
static inline __attribute__((always_inline)) void send(uint32_t id, uint32_t command,
						       uint8_t vector)
{
	uint64_t opening;

	if (is_x2apic) {
		/* not serialising: earlier stores must be visible before the interrupt is */
		asm volatile("mfence" : : : "memory");
		msr_write_byte(MSR_X2APIC + APIC_COMMAND / 16, command, vector, id);
		return;
	}
	opening = apic_open();
	apic_write(APIC_COMMAND_TARGET, id << 24);
	apic_write(APIC_COMMAND, command | vector);
	while (apic_read(APIC_COMMAND) & COMMAND_PENDING) {
		cpu_relax();
	}
	apic_close(opening);
}

void apic_send_ipi(uint32_t id, unsigned vector) { send(id, COMMAND_ASSERT, (uint8_t)vector); }

void apic_send_nmi(uint32_t id) { send(id, COMMAND_NMI | COMMAND_ASSERT, 0); }

void apic_wait_for_cpus(void)
{
	cr8_write(VECTOR_TLB / VECTORS_PER_CLASS - 1);
	cpu_idle_once();
	cr8_write(0);
}

void apic_send_init(uint32_t id) { send(id, COMMAND_INIT | COMMAND_ASSERT, 0); }

void apic_send_startup(uint32_t id, pa_t start_page)
{
	send(id, COMMAND_STARTUP | COMMAND_ASSERT, (uint8_t)(start_page.pa >> PAGE_SHIFT));
}
