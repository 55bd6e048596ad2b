/* Ties the halves together: boot, requests between CPUs, and the upcalls of the entry code. */
#include "mm/tlb/tlb.h"

#include "arch/x86_64/entry/upcall.h"
#include "core/cpu.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/tlb_hw.h"

/*
 * The request is taken before the generations are looked at, and was made after they rose: either
 * this look sees the rise, or the request is still there for the next.
 */
void tlb_poll(void)
{
	struct tlb_cpu *cpu = tlb_hw_self();

	if (tlb_hw_read(&cpu->request) && tlb_hw_exchange(&cpu->request, 0)) {
		ktlb_serve();
		as_tlb_catch_up();
	}
}

void tlb_request(unsigned id)
{
	(void)tlb_hw_exchange(&tlb_hw_cpu(id)->request, 1);
	tlb_hw_send_ipi(id);
}

void upcall_leave_check(void)
{
	tlb_hw_assert_no_debt();
	tlb_hw_note_exit();
}

uint64_t upcall_tlb_newest(void) { return ktlb_generation(); }

/* A later downgrade may be there by now; the one that was there at the entry must be seen. */
void upcall_tlb_assert_seen(uint64_t generation)
{
	assert(tlb_hw_read(tlb_hw_mode(tlb_hw_cpu_id())) == CPU_KERNEL);
	assert(tlb_hw_read(&tlb_hw_self()->seen) >= generation);
}

void upcall_syscall_stale(void)
{
	assert_failed("seen >= newest_at_entry", __FILE__, __LINE__, __func__);
}

unsigned upcall_trap_enter(void) { return ktlb_enter(); }

void upcall_trap_leave(unsigned mode_before) { ktlb_leave((enum cpu_mode)mode_before); }

void upcall_tlb_request(void)
{
	tlb_hw_count_ipi();
	tlb_poll();
}
