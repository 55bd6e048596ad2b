/*
 * What the timer and the devices ask for. They interrupt user mode, the idle loop, or a long call
 * between two of its pieces (core/poll.h), so no lock is held.
 */
#include "task/sched/irq.h"

#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/device/keyboard.h"
#include "arch/x86_64/device/pic.h"
#include "arch/x86_64/device/serial.h"
#include "arch/x86_64/entry/upcall.h"
#include "arch/x86_64/smp/apic.h"
#include "core/cpu.h"
#include "core/rendezvous.h"
#include "mm/table/entry_area.h"
#include "task/console/console.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"

enum { LINE_KEYBOARD = 1, LINE_COM1 = 4, TICKS_PER_S = 100 };

static RO_AFTER_INIT bool console_is_polled;

/* This CPU only. */
static bool ticking[NR_CPUS_MAX];

static bool polls_console(void) { return console_is_polled && this_cpu()->id == 0; }

void irq_init(bool has_pic) { console_is_polled = !has_pic; }

void upcall_timer(void)
{
	COUNT(interrupts);
	if (polls_console()) {
		console_poll();
	}
	kstack_ring_fill(this_cpu());
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
	cpu_request_resched();
}

void upcall_rendezvous(void)
{
	COUNT(ipis_received);
	rendezvous_park();
}

/* It ends a wait, and has nothing else to say. */
void upcall_wake(void) { COUNT(ipis_received); }

void upcall_spurious(void) { COUNT(spurious_interrupts); }

void irq_start(void)
{
	console_init();
	keyboard_init();
	console_poll(); /* what was typed before is announced by no interrupt */
	serial_enable_receive_interrupt(SERIAL_COM1);
	pic_unmask(LINE_KEYBOARD);
	pic_unmask(LINE_COM1);
	irq_start_cpu();
}

void irq_start_cpu(void) { irq_start_ticks(); }

void irq_start_ticks(void)
{
	bool *is_ticking = &ticking[this_cpu()->id];

	if (!*is_ticking) {
		*is_ticking = true;
		apic_timer_start(TICKS_PER_S);
	}
}

void irq_stop_ticks(uint64_t deadline_ns)
{
	bool *is_ticking = &ticking[this_cpu()->id];
	uint64_t now_ns;

	if (polls_console()) {
		return;
	}
	if (deadline_ns == UINT64_MAX) {
		if (*is_ticking) {
			apic_timer_stop();
		}
	} else {
		now_ns = clock_now_ns();
		apic_timer_start_once(deadline_ns > now_ns ? deadline_ns - now_ns : 0);
	}
	*is_ticking = false;
}
