/* Entry stubs and scheduling of the simulated kernel. */
#include "kernel.h"

#include <string.h>

#include "core/cpu.h"
#include "mm/gate/current/user_half.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/tlb_hw.h"

/* What runs on a CPU in user mode: never returns. */
static void (*user_body)(void);
/*
 * CPUs that run the address space or are about to; -1: being recycled. Changed without a step
 * between.
 */
static int users[SIM_SPACES];

/* --- ways in and out --- */

/* CR3 with the root and PCID bits of the pair flipped to the kernel's. */
static cr3_t kernel_side(uint64_t cr3)
{
	return cr3_noflush((cr3_t){ cr3 & ~(uint64_t)(PAGE_SIZE | PCID_USER_BIT) });
}

void kernel_enter(void)
{
	sim_self()->interruptible = false;
	sim_stand(false, false);
	if (sim.config.kaiser) {
		tlb_hw_write(&sim_self()->mode, CPU_KERNEL);
		cr3_load(kernel_side(sim_self()->cr3));
		ktlb_catch_up();
	} else {
		(void)ktlb_enter();
	}
	sim_stand(true, true);
}

void kernel_exit(void)
{
	sim_stand(false, false);
	ktlb_leave(CPU_USER);
	if (sim.config.kaiser) {
		cr3_load(sim_self()->current.exit_cr3);
	}
	sim_stand(false, true);
	sim_self()->interruptible = true;
}

void user_step(void) { sim_step("runs in user mode", 0); }

/* From user mode, or from the idle loop's halt, which it ends. */
void sim_on_interrupt(void)
{
	struct sim_cpu *cpu = sim_self();

	cpu->ipi_pending = false;
	sim_log->nr_interrupts[sim.current]++;
	if (cpu->user_usable) {
		kernel_enter();
		tlb_poll();
		kernel_exit();
	} else {
		cpu->interruptible = false;
		(void)ktlb_enter();
		sim_stand(true, false);
		tlb_poll();
	}
}

/*
 * Anywhere: in a stub, in user mode, in the middle of the code under test. It must not serve
 * requests.
 */
void sim_on_nmi(void)
{
	struct sim_cpu *cpu = sim_self();
	bool kernel_usable = cpu->kernel_usable, user_usable = cpu->user_usable;
	bool interruptible = cpu->interruptible;
	cr3_t before = cr3_read();
	enum cpu_mode mode;

	cpu->in_nmi = true;
	cpu->interruptible = false;
	sim_stand(false, false);
	if (sim.config.kaiser) {
		cr3_load(kernel_side(before.value));
	}
	mode = ktlb_enter();
	sim_stand(true, false);
	sim_step("handles the NMI", 0);
	sim_stand(false, false);
	ktlb_leave(mode);
	if (sim.config.kaiser) {
		cr3_load(cr3_returning(before));
	}
	cpu->in_nmi = false;
	cpu->interruptible = interruptible;
	sim_stand(kernel_usable, user_usable);
}

void kernel_idle(void)
{
	struct sim_cpu *cpu = sim_self();
	bool user_usable = cpu->user_usable;

	sim_stand(false, false);
	ktlb_leave(CPU_IDLE);
	cpu->interruptible = true;
	sim_step("idles", 0);
	cpu->interruptible = false;
	(void)ktlb_enter();
	sim_stand(true, user_usable);
}

void kernel_run(int space)
{
	int old = sim_self()->running;

	if (space == old || (space != SIM_NOBODY && users[space] < 0)) {
		return;
	}
	if (space != SIM_NOBODY) {
		users[space]++;
	}
	sim_stand(true, false);
	tlb_switch(space == SIM_NOBODY ? NULL : &sim.spaces[space]);
	sim_self()->running = space;
	if (old != SIM_NOBODY) {
		users[old]--;
	}
}

void kernel_use_memory(void)
{
	if ((cr3_value() ^ tlb_hw_current()->kernel_cr3.value) & CR3_ROOT_MASK) {
		as_tlb_settle();
	}
	sim_stand(true, sim_self()->running != SIM_NOBODY);
}

bool space_claim(unsigned space)
{
	if (users[space]) {
		return false;
	}
	users[space] = -1;
	return true;
}

void space_release(unsigned space) { users[space] = 0; }

void kernel_window(void)
{
	bool user_usable = sim_self()->user_usable;
	static struct cpu cpu;
	cr3_t before;

	kernel_use_memory();
	before = cr3_read();
	cpu.window_root = pa_to_pfn(sim_window_root());
	sim_stand(true, false);
	cr3_load(tlb_window_cr3(&cpu));
	sim_step("works in the window", 0);
	tlb_poll();
	if (cr3_root(cr3_read()).pa != sim_window_root().pa) {
		sim_fail("the window is closed while it is used");
	}
	cr3_load(cr3_returning(before));
	sim_stand(true, user_usable);
}

static void cpu_main(void)
{
	unsigned id = sim.current;

	sim_step("is started", 0);
	tlb_hw_write(&sim.nr_online, id + 1);
	if (id == 0) {
		tlb_boot(sim_boot_root());
	} else {
		tlb_boot_cpu();
	}
	half_begin();
	half_look_out(tlb_hw_own_current());
	sim_self()->is_online = true;
	sim_stand(true, true);
	kernel_run(0);
	kernel_exit();
	user_body();
}

void kernel_boot(const struct sim_config *config, void (*body)(void))
{
	/* after lies the gate knows how far they are; from there on they go on */
	if (sim.config.gated) {
		ktlb_newest.value = sim.gate_newest.value;
	}
	sim_init(config);
	sim.gate_newest.value = config->gated ? ktlb_newest.value : 0;
	memset(users, 0, sizeof(users));
	user_body = body;
	kernel_mm_init();
	kernel_as_init();
	for (unsigned id = 0; id < config->nr_cpus; id++) {
		sim_start(id, cpu_main);
	}
}
