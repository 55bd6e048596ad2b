/* Interrupts of devices and of the timer. */
#pragma once

#include "lib/types.h"

/* Without an interrupt controller for devices, the boot processor's ticks poll the console. */
void irq_init(bool has_pic);
/* Lets the console's lines and this CPU's timer interrupt, once the CPU lets interrupts through. */
void irq_start(void);
/* The timer alone, on each further CPU. */
void irq_start_cpu(void);

/* The timer of this CPU interrupts a hundred times a second; does nothing where it does already. */
void irq_start_ticks(void);
/*
 * It interrupts at the deadline (clock_now_ns), or earlier; for UINT64_MAX, not at all. A processor
 * that polls the console goes on ticking.
 */
void irq_stop_ticks(uint64_t deadline_ns);
