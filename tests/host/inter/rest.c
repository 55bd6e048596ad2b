/* The rest of the kernel: address spaces with a page that wanders between them, who has which pid,
 * and what has no part in this. */
#include <string.h>

#include "core/options.h"
#include "kernel.h"
#include "mm/as/as_futex_key.h"
#include "mm/as/as_grant.h"
#include "mm/frame/kspace.h"
#include "mm/table/entry_area.h"
#include "mm/tlb/ktlb.h"
#include "task/authority/credentials.h"
#include "task/authority/program_policy.h"
#include "task/authority/witness.h"
#include "task/sched/bounce.h"
#include "task/sched/budget.h"

/* --- address spaces --- */

/* What is loaded where; a page that wanders between them. */
static struct as *loaded[SIM_CPUS_MAX];
struct as *kernel_page_at;

struct sim_as {
	struct as as;
	uint32_t nr_users;
};

struct as *kernel_as_new(void)
{
	struct sim_as *as = object_new("address space", sizeof(*as));

	as->nr_users = 1;
	return &as->as;
}

static uint32_t as_look(const struct as *as) { return ((const struct sim_as *)as)->nr_users; }

/* No entry ever becomes stricter. */
uint32_t tlb_hw_generation(uint32_t root) { return root * 0; }

void as_switch(struct as *as)
{
	if (as && as_look(as) == 0) {
		sim_fail("an address space is loaded that nobody uses");
	}
	loaded[sim.current] = as;
}

void tlb_switched(unsigned did) { (void)did; }

uint32_t tlb_slot(void) { return 0; }

void as_get(struct as *as) { ((struct sim_as *)as)->nr_users++; }

void as_put(struct as *as)
{
	if (loaded[sim.current] == as) {
		loaded[sim.current] = NULL;
	}
	if (--((struct sim_as *)as)->nr_users) {
		return;
	}
	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		if (loaded[id] == as) {
			sim_fail("an address space is freed that a CPU has loaded");
		}
	}
	object_free(as);
}

status_t as_clone(struct as *parent, uva_t written, struct as **out)
{
	(void)parent;
	(void)written;
	*out = kernel_as_new();
	return STATUS_OK;
}

/* Others run between its parts, as while the real one flushes. */
status_t as_grant(struct as *from, uva_t from_at, struct as *to, uva_t to_at)
{
	(void)from_at;
	(void)to_at;
	if (as_look(from) == 0 || as_look(to) == 0 || kernel_page_at != from) {
		return STATUS_EFAULT;
	}
	sim_step("moves a page", NULL, __builtin_return_address(0));
	(void)as_look(from);
	(void)as_look(to);
	kernel_page_at = to;
	return STATUS_OK;
}

/* Whoever has the page offers it; all accept one. */
status_t as_offer(struct as *as, uva_t page)
{
	(void)page;
	(void)as_look(as);
	return kernel_page_at == as ? STATUS_OK : STATUS_EFAULT;
}

void as_offer_end(struct as *as, uva_t page)
{
	(void)page;
	(void)as_look(as);
}

status_t as_accept(struct as *as, uva_t place)
{
	(void)place;
	(void)as_look(as);
	return STATUS_OK;
}

void as_accept_end(struct as *as, uva_t place)
{
	(void)place;
	(void)as_look(as);
}

status_t as_futex_key(struct as *as, uva_t at, enum futex_sharing *sharing, pfn_t *frame)
{
	(void)at;
	(void)as_look(as);
	*frame = (pfn_t){ 1 };
	*sharing = FUTEX_SHARED;
	return STATUS_OK;
}

status_t as_futex_key_fill(struct as *as, uva_t at, enum futex_sharing *sharing, pfn_t *frame)
{
	return as_futex_key(as, at, sharing, frame);
}

/* --- credentials --- */

enum { PIDS_MAX = 16 };
static struct process *holders[PIDS_MAX];

status_t credentials_give(struct process *process, const struct process *parent)
{
	(void)parent;
	assert(process->pid < PIDS_MAX);
	holders[process->pid] = process;
	return STATUS_OK;
}

status_t credentials_take(struct process *process, uint32_t *pid)
{
	holders[process->pid] = NULL;
	*pid = process->pid;
	return STATUS_OK;
}

struct process *credentials_holder(uint32_t pid) { return pid < PIDS_MAX ? holders[pid] : NULL; }
bool credentials_have_number(const struct process *process, uint32_t number)
{
	return credentials_holder(number) == process;
}

/* --- what has no part in it --- */

uint64_t kspace_base;
struct options options = { .cred = cred_protected };
uint32_t credentials_acting_uid(const struct process *process) { return process->uid; }
uint32_t credentials_uid(const struct process *process) { return process->uid; }
bool credentials_are_own(const struct process *process) { return process; }
struct job credentials_job(const struct process *process)
{
	(void)process;
	return (struct job){ 0 };
}
status_t credentials_leave(struct process *process)
{
	(void)process;
	return STATUS_OK;
}
void bounce_scrub(void *buffer, size_t len_bytes) { memset(buffer, 0, len_bytes); }
void budget_begin_piece(void) {}
void budget_end_piece(void) {}
void fpu_area_init(void *area) { (void)area; }
void fpu_save(void *area) { (void)area; }
uint64_t kstack_lowest_regs(uint64_t stack_top) { return stack_top; }
tlb_word_t ktlb_newest;
void ktlb_catch_up(void) {}
void ktlb_context_switch(void) {}
enum cpu_mode ktlb_enter(void) { return CPU_KERNEL; }
void ktlb_leave(enum cpu_mode mode) { (void)mode; }
void ktlb_set_debts_hook(uint64_t *(*hook)(void)) { (void)hook; }
void stack_give(uint32_t stack, uint32_t pid) { (void)stack, (void)pid; }
void stack_take(uint32_t stack) { (void)stack; }
unsigned stack_switch_here(unsigned how) { return how * 0; }
void switch_begin_cpu(unsigned cpu, uint32_t stack) { (void)cpu, (void)stack; }
void program_bind(const struct process *process) { (void)process; }
void program_check_table(const struct process *process) { (void)process; }
void report_boot(void) {}
void report_clear(struct report *report) { (void)report; }
void report_fill(struct report *report, struct process *process)
{
	(void)report;
	(void)process;
}
void report_init(struct report *report) { (void)report; }
const char *report_text(const struct report *report)
{
	(void)report;
	return "";
}
void witness_end_attacks_of(const struct process *process) { (void)process; }
bool witness_is_ending(const struct process *process)
{
	(void)process;
	return false;
}
void witness_look(const struct process *process) { (void)process; }
void witness_look_at_pages(const struct process *process) { (void)process; }
void witness_process_ended(void) {}
