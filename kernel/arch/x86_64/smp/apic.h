/*
 * The local APIC: timer ticks, inter-processor interrupts. Through MSRs (x2APIC) where the CPU has
 * them, else through a page of registers. Source: Intel SDM vol. 3A, "Advanced Programmable
 * Interrupt Controller (APIC)".
 */
#pragma once

#include "lib/types.h"

/* Where the registers lie in physical memory. */
pa_t apic_base(void);
/* How the registers are reached: by MSR (x2APIC); mapped as other devices are; mapped on roots that
 * upcall_apic_open loads, and nowhere else. */
enum apic_access { APIC_BY_MSR, APIC_MAPPED, APIC_PRIVATE };
/*
 * Boot CPU, once: registers is the mapped page. Turns its APIC on, lets the 8259 through and sets
 * the timer counting.
 */
void apic_init(enum apic_access access, va_t registers);
/*
 * Boot CPU, once, after clock_init, which came right after apic_init: how fast the timer counted
 * while the clock was measured.
 */
void apic_timer_calibrate(void);
/* The same on each further CPU. */
void apic_init_cpu(void);
/* The timer interrupts hz times a second, until it is stopped. This CPU's only. */
void apic_timer_start(unsigned hz);
/* It interrupts once, in so many nanoseconds, or earlier where that is too long for it. */
void apic_timer_start_once(uint64_t ns);
void apic_timer_stop(void);
void apic_end_of_interrupt(void);
uint32_t apic_id(void);
/* Where they are mapped in all kernel roots; 0: they are not, or not used. */
va_t apic_registers(void);
const char *apic_mode_name(void);

/* To the CPU with this APIC id. Each waits, briefly, until the APIC has taken the request. */
void apic_send_ipi(uint32_t id, unsigned vector);
void apic_send_nmi(uint32_t id);
/*
 * Blocks until another CPU sends VECTOR_TLB or VECTOR_WAKE, and takes that interrupt; may return
 * for no reason. Other interrupts of the APIC wait; those of the 8259 know no priority (pic_hold).
 */
void apic_wait_for_cpus(void);
void apic_send_init(uint32_t id);
void apic_send_startup(uint32_t id, pa_t start_page);
