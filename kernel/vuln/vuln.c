/*
 * Kernel bugs made to order, one per system call: each does with an unchecked address what real
 * kernels were led to do. They exist to show what the defences do about it, so they check nothing
 * but the boot option.
 */
#include "vuln/vuln.h"

#include "abi/bulwark.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/entry/descriptors.h"
#include "arch/x86_64/entry/vuln_stub.h"
#include "arch/x86_64/smp/apic.h"
#include "core/cpu.h"
#include "core/options.h"
#include "core/syscall_table.h"
#include "mm/as/as_init.h"
#include "mm/as/usercopy.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_history.h"
#include "mm/gate/gate.h"
#include "mm/gate/without.h"
#include "mm/table/entry_area.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "task/authority/active_syscall_table.h"
#include "task/authority/credentials.h"
#include "task/authority/flag.h"
#include "task/authority/program_policy.h"
#include "task/authority/witness.h"
#include "task/process/boot_archive.h"
#include "task/process/process.h"
#include "task/sched/processors.h"

static_assert((int)BW_CALL_ROWS == (int)SYSCALL_ROWS_MAX, "what an attack overwrites");
static_assert(sizeof(struct bw_frame) == sizeof(struct regs), "what user_return_frame consumes");

bool vuln_enter(void)
{
	if (options.vuln != vuln_on) {
		return false;
	}
	/* what others do meanwhile would be taken for the attack's doing */
	if (!credentials_job(process_current()).is_watched && witness_is_busy()) {
		return false;
	}
	thread_current()->in_vuln = true;
	process_current()->vuln_calls++;
	return true;
}

int64_t vuln_leave(uint64_t result)
{
	thread_current()->in_vuln = false;
	witness_look_at_sealed(process_current());
	return (int64_t)result;
}

int64_t vuln_leave_unchanged(uint64_t result)
{
	thread_current()->in_vuln = false;
	return (int64_t)result;
}

static const struct process *process_first(void)
{
	const struct process *first;

	lock_acquire(&process_lock);
	first = process_find(PID_INIT);
	lock_release(&process_lock);
	return first;
}

/* Where the direct map would have what the kernel has mapped at an address. */
static uint64_t alias_of(uint64_t address)
{
	pfn_t frame = pte_frame(ptable_lookup(kernel_root, address, NULL));

	return direct_map_address(frame) + address % PAGE_SIZE;
}

/* What is sealed since boot, or mapped nowhere. */
static void leak_machine(struct bw_leak *leak)
{
	const void *archive;
	uint64_t tables = entry_area_address(PART_DESCRIPTORS, this_cpu()->id, 0);

	leak->uid_pa = alias_of(leak->process_uid) - direct_map_base;
	leak->tss_io_map = alias_of(tables) + TSS_IO_MAP_OFFSET;
	leak->apic = apic_registers().va;
	leak->start_page = processors_start_page().va;
	leak->archive_bytes = boot_archive_bytes(&archive);
	leak->archive = (uint64_t)archive;
	leak->archive_alias = alias_of(leak->archive);
}

static struct bw_stock stock_of(const pfn_t *slots, const unsigned *nr, unsigned nr_slots)
{
	return (struct bw_stock){ (uint64_t)slots, (uint64_t)nr, nr_slots };
}

/* Visits address spaces in the order in which they were made. */
static void note_as(struct as *as, void *newest) { *(uint64_t *)newest = (uint64_t)as; }

/* What page tables are made of, and which are whose. */
static void leak_tables(struct bw_leak *leak, struct process *process)
{
	const struct cpu *cpu = this_cpu();

	leak->histories = (uint64_t)frame_histories;
	leak->frame_cache = stock_of(cpu->frame_cache, &cpu->nr_frame_cache, FRAME_CACHE_MAX);
	leak->spare_tables = stock_of(cpu->spare_tables, &cpu->nr_spare_tables, SPARE_TABLES_MAX);
	leak->spare_roots = stock_of(cpu->spare_roots, &cpu->nr_spare_roots, SPARE_ROOTS_MAX);
	leak->nr_handed_out = (uint64_t)&cpu->counters[COUNTER_frames_allocated_user];
	leak->process_as = (uint64_t)&process->as;
	leak->as_root = (uint64_t)&process->as->root;
	leak->as_cr3 = (uint64_t)&process->as->tlb.root;
	as_for_each(note_as, &leak->as_newest);
}

/* Of this processor's struct cpu. */
static void leak_processor(struct bw_leak *leak)
{
	const struct cpu *cpu = this_cpu();

	leak->tlb_seen = (uint64_t)&cpu->tlb.seen;
	leak->tlb_seen_kept = (uint64_t)generation_seen_address(cpu->id);
	leak->tlb_slot = (uint64_t)&current_here()->slots[current_here()->slot].word;
	leak->cpu_mode = (uint64_t)&cpu->entry->mode;
	leak->exit_cr3 = (uint64_t)&current_here()->exit_cr3;
	leak->current_pid = (uint64_t)&current_here()->pid;
	leak->lowest_regs = (uint64_t)&cpu->lowest_regs;
	leak->kstack_ring = (uint64_t)cpu->kstack_ring;
	leak->syscalls_x2 = (uint64_t)&cpu->syscalls_x2;
	leak->gate_stack =
		gate_in_force == ptprot_off ? 0 : gate_stack_top(cpu->id) - gate_distance;
	leak->gate_held = GATE_HELD_AT;
}

int64_t sys_vuln_leak(uint64_t at)
{
	struct process *process = process_current();
	const struct process *first;
	struct bw_leak leak;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	first = process_first();
	leak = (struct bw_leak){
		.image_base = (uint64_t)image_start,
		.image_text_end = (uint64_t)text_end,
		.direct_map_base = direct_map_base,
		.process = (uint64_t)process,
		.process_uid = (uint64_t)credentials_uid_address(process),
		.credentials_set = (uint64_t)credentials_set,
		.flag = (uint64_t)&flag_value,
		.user_return = (uint64_t)user_return_frame,
		.user_cs = SELECTOR_USER_CODE,
		.user_ss = SELECTOR_USER_DATA,
		.stack_top = thread_current()->stack_top,
		.syscall_table = (uint64_t)program_table(process),
		.syscall_table_all = (uint64_t)&syscall_table_all,
		.syscall_table_in_force = active_syscall_table_address(),
		.thread_process = (uint64_t)&thread_current()->process,
		.process_first = (uint64_t)first,
		.credential = credentials_address(process),
		.process_name = (uint64_t)process->name,
		.frames = (uint64_t)frames,
		.frame_links = (uint64_t)frame_links,
		.kernel_root = kernel_root.pfn,
		.root = process->as->root.pfn,
		.root_first = first->as->root.pfn,
		.nr_pages = (uint64_t)&process->as->nr_pages,
	};
	leak_machine(&leak);
	leak_tables(&leak, process);
	leak_processor(&leak);
	return vuln_leave((uint64_t)copy_to_user((uva_t){ at }, &leak, sizeof(leak)));
}

VULNERABLE static void jump_to(uint64_t address) { ((void (*)(void))address)(); }

int64_t sys_vuln_jump(uint64_t address)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	jump_to(address);
	return vuln_leave(0);
}

VULNERABLE void vuln_call_through(uint64_t address)
{
	const volatile struct bw_vuln_object *object =
		(const volatile struct bw_vuln_object *)address;
	const volatile struct bw_vuln_ops *ops = (const volatile struct bw_vuln_ops *)object->ops;

	((void (*)(uint64_t, uint64_t))ops->handle)(object->argument[0], object->argument[1]);
}

int64_t sys_vuln_call(uint64_t object)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	vuln_call_through(object);
	return vuln_leave(0);
}

VULNERABLE uint64_t vuln_read_from(uint64_t address) { return *(const volatile uint64_t *)address; }

int64_t sys_vuln_read(uint64_t address)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	return vuln_leave(vuln_read_from(address));
}

VULNERABLE void vuln_write_to(uint64_t address, uint64_t value)
{
	*(volatile uint64_t *)address = value;
}

int64_t sys_vuln_write(uint64_t address, uint64_t value)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	vuln_write_to(address, value);
	return vuln_leave(0);
}

int64_t sys_vuln_pivot(uint64_t stack)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	vuln_pivot_stub(stack);
	return vuln_leave(0);
}
