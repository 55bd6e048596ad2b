/* What CPUs do in the scenarios: address spaces that are switched, and grow old. */
#include "switches.h"
#include "kernel.h"

void switch_away(void)
{
	kernel_enter();
	kernel_run(1);
	kernel_exit();
}

void switch_away_and_back(void)
{
	switch_away();
	kernel_enter();
	kernel_run(0);
	kernel_exit();
}

/* To one whose slot is fresh and back, while the first root stays loaded. */
void leave_and_return(void)
{
	switch_away_and_back();
	kernel_enter();
	kernel_run(1);
	kernel_run(0);
	kernel_exit();
}

/* The same by two that it does not settle in. */
void leave_for_two(void)
{
	kernel_enter();
	kernel_run(1);
	kernel_run(2);
	kernel_run(0);
	kernel_exit();
	kernel_enter();
	kernel_run(1);
	kernel_run(2);
	kernel_exit();
}

/* The gate believes no slot that it is told. */
static void run_1_by(unsigned slot)
{
	sim.told_slot = sim.config.gated ? slot + 1 : 0;
	kernel_run(1);
}

void run_1_by_wrong_slots(void)
{
	kernel_enter();
	run_1_by(1);
	kernel_exit();
	kernel_enter();
	kernel_run(0);
	run_1_by(2);
	kernel_exit();
	kernel_enter();
	kernel_run(0);
	run_1_by(1);
	page_downgrade(1, 1, PAGE_UNMAP);
	kernel_exit();
}

/* There are as many generations between the two as there can be. */
void unmap_in_1_and_go_round(void)
{
	kernel_enter();
	page_downgrade(1, 0, PAGE_UNMAP);
	kernel_go_round(1);
	kernel_exit();
}

void go_round_and_unmap_in_1(void)
{
	kernel_enter();
	page_downgrade(1, 1, PAGE_UNMAP);
	kernel_go_round(1);
	page_downgrade(1, 0, PAGE_UNMAP);
	kernel_exit();
}

void last_generation_of_1(void) { sim.generations[1].value = UINT32_MAX; }
void first_generation_of_1(void) { sim.generations[1].value = 0; }

void switch_away_back_and_away(void)
{
	switch_away_and_back();
	switch_away();
}

/* The address space dies and its root goes to a new one, which runs next. */
void switch_recycle_switch(void)
{
	kernel_enter();
	kernel_run(1);
	kernel_run(0);
	kernel_recycle(1);
	kernel_run(1);
	kernel_exit();
}

void switch_to_1_and_unmap_in_0(void)
{
	kernel_enter();
	kernel_run(1);
	page_downgrade(0, 0, PAGE_UNMAP);
	kernel_exit();
}

/* Comes back from an address space whose generation is higher. */
void return_from_higher_generation(void)
{
	kernel_enter();
	kernel_run(1);
	page_downgrade(1, 0, PAGE_UNMAP);
	page_downgrade(1, 1, PAGE_UNMAP);
	kernel_run(0);
	kernel_exit();
}

/* Owes its user PCID a flush while it runs another address space. */
void unmap_large_and_switch(void)
{
	kernel_enter();
	page_downgrade(0, 0, PAGE_UNMAP_ALL);
	kernel_run(1);
	kernel_run(0);
	kernel_exit();
}

/* More than there are slots, and back to the first. */
void visit_all_spaces(void)
{
	for (int space = SIM_SPACES - 1; space >= 0; space--) {
		kernel_enter();
		kernel_run(space);
		kernel_exit();
	}
}

void switch_and_give_sync(void)
{
	kernel_enter();
	kernel_run(1);
	frame_give_sync(0);
	kernel_run(0);
	kernel_exit();
}
