/* Interrupts of devices and of the timer. */
#pragma once

/* Lets the console's lines and this CPU's timer interrupt, once the CPU lets interrupts through. */
void irq_start(void);
/* The timer alone, on each further CPU. */
void irq_start_cpu(void);
