/* What CPUs do in the scenarios, and which of them meet. */
#include "explore.h"
#include "kernel.h"
#include "switches.h"

/* --- what CPUs do --- */

static void nothing(void) {}

static void system_call(void)
{
	user_step();
	kernel_enter();
	sim_step("computes in the kernel", 0);
	kernel_exit();
}

static void two_system_calls(void)
{
	system_call();
	system_call();
}

static void in_kernel(void (*work)(unsigned page), unsigned page)
{
	kernel_enter();
	work(page);
	kernel_exit();
}

static void downgrade(unsigned space, unsigned page, enum page_how how)
{
	kernel_enter();
	page_downgrade(space, page, how);
	kernel_exit();
}

static void hide_and_give(void)
{
	kernel_enter();
	frame_hide(0);
	frame_give_waiting(0);
	kernel_exit();
}

static void hide_and_try_to_give(void)
{
	kernel_enter();
	frame_hide(0);
	frame_give_if_complete(0);
	kernel_exit();
	kernel_enter();
	frame_give_if_complete(0);
	kernel_exit();
}

static void hide_and_give_other(void)
{
	kernel_enter();
	frame_hide(1);
	frame_give_waiting(1);
	kernel_exit();
}

static void give_reveal_give(void)
{
	kernel_enter();
	frame_hide(0);
	frame_give_waiting(0);
	frame_reveal(0);
	frame_give_sync(0);
	kernel_exit();
}

static void give_sync(void) { in_kernel(frame_give_sync, 0); }
static void give_other_sync(void) { in_kernel(frame_give_sync, 1); }
static void give_local(void) { in_kernel(frame_give_local, 0); }
static void give_other_local(void) { in_kernel(frame_give_local, 1); }
static void seal(void) { in_kernel(frame_seal, 0); }
static void unmap_0(void) { downgrade(0, 0, PAGE_UNMAP); }
static void unmap_1(void) { downgrade(0, 1, PAGE_UNMAP); }
static void protect_0(void) { downgrade(0, 0, PAGE_PROTECT); }
static void replace_0(void) { downgrade(0, 0, PAGE_REPLACE); }
static void unmap_large_1(void) { downgrade(0, 1, PAGE_UNMAP_ALL); }
static void unmap_in_1(void) { downgrade(1, 0, PAGE_UNMAP); }

/* With the gate, if somebody lies: others may go on writing to the page. */
static void protect_1_and_leave_out_wait(void)
{
	kernel_enter();
	kernel_leaves_out_wait = sim.config.gated;
	page_downgrade(0, 1, PAGE_PROTECT);
	kernel_exit();
}

/* The pages go, then their table: a huge page comes. */
static void unmap_0_and_table(void)
{
	kernel_enter();
	page_downgrade(0, 0, PAGE_UNMAP);
	table_drop(0, 0);
	kernel_exit();
}

/* A pool is destroyed: its pages, then their table. */
static void give_and_drop_table(void)
{
	kernel_enter();
	for (unsigned part = 0; part < SIM_PARTS; part++) {
		frame_hide(part);
	}
	for (unsigned part = SIM_PARTS; part > 0; part--) {
		frame_give_waiting(part - 1);
	}
	frame_table_drop(0);
	kernel_exit();
}

static void idle_with_root(void)
{
	kernel_enter();
	kernel_idle();
	kernel_exit();
}

static void idle_without_root(void)
{
	kernel_enter();
	kernel_run(SIM_NOBODY);
	kernel_idle();
	kernel_run(0);
	kernel_exit();
}

static void window(void)
{
	kernel_enter();
	kernel_window();
	kernel_exit();
}

/* The large page is whole in between. */
static void give_reveal_and_give_other(void)
{
	kernel_enter();
	frame_give_sync(0);
	frame_reveal(0);
	frame_give_sync(1);
	kernel_exit();
}

/* Two large pages, one after the other. */
static void give_reveal_and_give_in_next(void)
{
	kernel_enter();
	frame_give_sync(0);
	frame_reveal(0);
	frame_give_sync(SIM_PARTS);
	kernel_exit();
}

const struct scenario scenarios[] = {
	{ .name = "a hidden frame is given away while another CPU makes system calls",
	  .programs = { hide_and_give, two_system_calls } },
	{ .name = "the same without waiting",
	  .programs = { hide_and_try_to_give, two_system_calls } },
	{ .name = "the same with two others",
	  .programs = { hide_and_try_to_give, system_call, system_call } },
	{ .name = "the same with an NMI",
	  .programs = { hide_and_try_to_give, system_call },
	  .nr_nmis = 1 },
	{ .name = "two CPUs hide and wait for each other",
	  .programs = { hide_and_give, hide_and_give_other } },
	{ .name = "a frame is given, taken back and given by IPI",
	  .programs = { give_reveal_give, system_call } },
	{ .name = "two CPUs shoot each other down", .programs = { give_sync, give_other_sync } },
	{ .name = "a seal against a shootdown", .programs = { seal, give_other_sync } },
	{ .name = "a shootdown of an idle CPU", .programs = { give_sync, idle_without_root } },
	{ .name = "a shootdown and an NMI", .programs = { give_sync, system_call }, .nr_nmis = 1 },
	{ .name = "a frame is given away while a CPU comes up",
	  .programs = { hide_and_try_to_give, nothing },
	  .from_reset = true },
	{ .name = "munmap under a CPU in user mode", .programs = { unmap_0, system_call } },
	{ .name = "munmap of two pages by two CPUs", .programs = { unmap_0, unmap_1 } },
	{ .name = "munmap of the same page by two CPUs", .programs = { unmap_0, protect_0 } },
	{ .name = "munmap while the other CPU protects a page and waits for nobody",
	  .programs = { unmap_0, protect_1_and_leave_out_wait } },
	{ .name = "munmap of a page and of a large range", .programs = { unmap_0, unmap_large_1 } },
	{ .name = "munmap while the other CPU switches away and back",
	  .programs = { unmap_0, switch_away_and_back } },
	{ .name = "munmap while the other CPU leaves and returns with the root loaded",
	  .programs = { unmap_0, leave_and_return } },
	{ .name = "munmap while the other CPU leaves for two others with the root loaded",
	  .programs = { unmap_0, leave_for_two } },
	{ .name = "munmap while the other CPU is told wrong slots",
	  .programs = { unmap_in_1, run_1_by_wrong_slots } },
	{ .name = "munmap while the other CPU idles on the address space",
	  .programs = { unmap_0, idle_with_root } },
	{ .name = "munmap while the other CPU idles on the boot root",
	  .programs = { unmap_0, idle_without_root } },
	{ .name = "munmap while the other CPU has its window open",
	  .programs = { unmap_0, window } },
	{ .name = "munmap and an NMI", .programs = { unmap_0, system_call }, .nr_nmis = 1 },
	{ .name = "munmap under two other CPUs, one of which leaves",
	  .programs = { unmap_0, system_call, switch_away } },
	{ .name = "a shootdown of two other CPUs",
	  .programs = { give_sync, system_call, idle_with_root } },
	{ .name = "an address space dies and another takes its root",
	  .programs = { switch_recycle_switch, switch_away } },
	{ .name = "the last generation passes, and comes again",
	  .programs = { unmap_in_1_and_go_round, switch_away_back_and_away },
	  .prepare = last_generation_of_1 },
	{ .name = "the last generation passes, and the first comes again",
	  .programs = { go_round_and_unmap_in_1, switch_away_back_and_away },
	  .prepare = first_generation_of_1 },
	{ .name = "two CPUs unmap pages of each other's address space",
	  .programs = { unmap_in_1, switch_to_1_and_unmap_in_0 } },
	{ .name = "munmap while the other CPU returns from a higher generation",
	  .programs = { unmap_0, return_from_higher_generation } },
	{ .name = "a large munmap and two switches", .programs = { unmap_large_and_switch } },
	{ .name = "more address spaces than slots", .programs = { visit_all_spaces } },
	{ .name = "a shootdown between two switches", .programs = { switch_and_give_sync } },
	{ .name = "a hidden frame is given away while another CPU idles",
	  .programs = { hide_and_give, idle_with_root } },
	{ .name = "copy-on-write under a CPU in user mode",
	  .programs = { replace_0, system_call } },
	{ .name = "copy-on-write under two other CPUs, one of which leaves",
	  .programs = { replace_0, system_call, switch_away } },
	{ .name = "copy-on-write by two CPUs", .programs = { replace_0, replace_0 } },
	{ .name = "munmap against hiding", .programs = { unmap_0, hide_and_give } },
	{ .name = "a page table of the user half is freed under a CPU in user mode",
	  .programs = { unmap_0_and_table, system_call } },
	{ .name = "the same while the other CPU switches away and back",
	  .programs = { unmap_0_and_table, switch_away_and_back } },
	{ .name = "a page table of the kernel half is freed while another CPU makes a system call",
	  .programs = { give_and_drop_table, system_call } },
	{ .name = "a page table of the kernel half is freed while another CPU idles",
	  .programs = { give_and_drop_table, idle_with_root } },
	{ .name = "a page table of the kernel half is freed while a CPU comes up",
	  .programs = { give_and_drop_table, nothing },
	  .from_reset = true },
	{ .name = "a large page is split for a frame without waiting",
	  .programs = { hide_and_try_to_give, two_system_calls },
	  .large = true },
	{ .name = "two CPUs hide frames of one large page",
	  .programs = { hide_and_give, hide_and_give_other },
	  .large = true },
	{ .name = "a large page is split without a flush of others",
	  .programs = { give_local, system_call },
	  .large = true },
	{ .name = "the same by two CPUs, one of which finds it split",
	  .programs = { give_local, give_other_local },
	  .large = true },
	{ .name = "a large page is split, joined and split",
	  .programs = { give_reveal_and_give_other, system_call },
	  .large = true },
	{ .name = "a large page is joined, and the next one split",
	  .programs = { give_reveal_and_give_in_next, system_call },
	  .large = true },
	{ .name = "a large page is joined while a frame of it is hidden",
	  .programs = { give_reveal_give, hide_and_give_other },
	  .large = true },
};

const unsigned nr_scenarios = ARRAY_SIZE(scenarios);
