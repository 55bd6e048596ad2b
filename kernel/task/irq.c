/*
 * What the timer and the devices ask for. They interrupt user mode or the idle loop only, so no
 * lock is held.
 */
#include "task/irq.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/keyboard.h"
#include "arch/x86_64/pic.h"
#include "arch/x86_64/serial.h"
#include "arch/x86_64/upcall.h"
#include "core/cpu.h"
#include "core/rendezvous.h"
#include "task/console.h"
#include "task/sched.h"
#include "task/timer.h"

enum { LINE_KEYBOARD = 1, LINE_COM1 = 4, TICKS_PER_S = 100 };

void upcall_timer(void)
{
	COUNT(interrupts);
	timer_tick();
	sched_tick();
}

void upcall_irq(unsigned line)
{
	COUNT(interrupts);
	if (line == LINE_KEYBOARD || line == LINE_COM1) {
		console_poll();
	} else {
		COUNT(spurious_interrupts);
	}
}

void upcall_reschedule(void)
{
	COUNT(ipis_received);
	this_cpu()->need_resched = true;
}

void upcall_rendezvous(void)
{
	COUNT(ipis_received);
	rendezvous_park();
}

void upcall_spurious(void) { COUNT(spurious_interrupts); }

void irq_start(void)
{
	console_init();
	keyboard_init();
	serial_enable_receive_interrupt(SERIAL_COM1);
	pic_unmask(LINE_KEYBOARD);
	pic_unmask(LINE_COM1);
	irq_start_cpu();
}

void irq_start_cpu(void) { apic_timer_start(TICKS_PER_S); }
