/* The local APIC: timer ticks, inter-processor interrupts. Source: Intel SDM vol. 3A, "Advanced Programmable Interrupt Controller". */
#pragma once

#include "lib/types.h"

pa_t apic_base(void);
/* registers: the mapped page. Enables this CPU's APIC; the boot CPU also lets the 8259 through. */
void apic_init(va_t registers);
void apic_init_cpu(bool is_boot_cpu);
void apic_timer_start(unsigned hz);
void apic_end_of_interrupt(void);
uint32_t apic_id(void);
/* To the CPU with this APIC id. Waits, briefly, until the APIC has taken the request. */
void apic_send_ipi(uint32_t id, unsigned vector);
