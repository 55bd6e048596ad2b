/* Bulwark's own calls: what the machine is and does. */
#include "abi/bulwark.h"

#include "arch/x86_64/cpu/registers.h"
#include "core/cpu.h"
#include "core/ktest.h"
#include "core/log.h"
#include "core/options.h"
#include "core/poll.h"
#include "core/power.h"
#include "core/rendezvous.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/as/usercopy.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/gate/gate.h"
#include "mm/table/kaiser.h"
#include "mm/table/layout.h"
#include "mm/watch/audit.h"
#include "mm/watch/scan.h"
#include "task/authority/credentials.h"
#include "task/authority/flag.h"
#include "task/authority/witness.h"
#include "task/call/syscall.h"
#include "task/console/report.h"
#include "task/process/boot_archive.h"
#include "task/process/process.h"

enum { KTEST_TEXT_ORDER = 4 };
#define ALL_CPUS UINT64_MAX

extern const uint64_t boot_tsc; /* boot/boot.asm */

static bool is_root(void) { return credentials_acting_uid(process_current()) == 0; }

/* Root, and not by way of an attack: such a one could forge its own verdict. */
static bool may_judge(void) { return is_root() && !credentials_job(process_current()).is_watched; }

/* What the gate writes to open and, again, to close. */
static uint64_t gate_writes(const struct cpu *cpu, enum option_ptprot way)
{
	return gate_in_force == way ? 2 * gate_calls_of(cpu) : 0;
}

/* Some are kept where the entry code can count, or follow from others. */
static uint64_t counter_of(const struct cpu *cpu, enum counter counter)
{
	struct gate_counted gate = gate_counted(cpu->id);

	switch (counter) {
	case COUNTER_syscalls: return cpu->syscalls_x2 / 2;
	case COUNTER_user_traps: return cpu->traps_twice / 2;
	case COUNTER_cr3_loads:
		return cpu->counters[counter] + kaiser_crossings(cpu) +
		       gate_writes(cpu, ptprot_window) +
		       (gate_in_force == ptprot_window ? 0 : 2 * gate.nr_openings);
	case COUNTER_window_openings: return cpu->counters[counter] + gate.nr_openings;
	case COUNTER_window_frames:
	case COUNTER_invlpg: return cpu->counters[counter] + gate.nr_shown;
	case COUNTER_gate_calls: return gate_calls_of(cpu);
	case COUNTER_pkrs_writes: return gate_writes(cpu, ptprot_pks);
	default: return cpu->counters[counter];
	}
}

int64_t sys_counters(uint64_t cpu, uint64_t at, uint64_t size_bytes)
{
	uint64_t sums[NR_COUNTERS] = { 0 };

	if (cpu != ALL_CPUS && cpu >= nr_cpus) {
		return STATUS_EINVAL;
	}
	for (uint64_t id = 0; id < nr_cpus; id++) {
		for (unsigned i = 0; (cpu == ALL_CPUS || cpu == id) && i < NR_COUNTERS; i++) {
			sums[i] += counter_of(cpus[id], i);
		}
	}
	if (copy_to_user((uva_t){ at }, sums, MIN(size_bytes, sizeof(sums)))) {
		return STATUS_EFAULT;
	}
	return sizeof(sums);
}

int64_t sys_option(uint64_t index, uint64_t at)
{
	struct bw_option option;
	status_t status = options_row((unsigned)MIN(index, UINT32_MAX), &option);

	return status ? status : copy_to_user((uva_t){ at }, &option, sizeof(option));
}

int64_t sys_archive_entry(uint64_t index, uint64_t at)
{
	const struct archive_entry *file = boot_archive_entry(index);
	struct bw_archive_entry entry = { 0 };

	if (!file) {
		return STATUS_ENOENT;
	}
	static_assert(sizeof(entry.name) == sizeof(file->name), "names fit");
	memcpy(entry.name, file->name, sizeof(entry.name));
	entry.size_bytes = file->size_bytes;
	entry.mode = file->mode;
	return copy_to_user((uva_t){ at }, &entry, sizeof(entry));
}

int64_t sys_audit(uint64_t at)
{
	struct bw_audit audit = { 0 };

	/* it stops the world, and what it says names kernel addresses */
	if (!is_root()) {
		return STATUS_EPERM;
	}
	if (!user_range_ok((uva_t){ at }, sizeof(audit))) {
		return STATUS_EFAULT;
	}
	audit_run(&audit);
	return copy_to_user((uva_t){ at }, &audit, sizeof(audit));
}

int64_t sys_report(uint64_t pid, uint64_t at)
{
	struct bw_report report;
	status_t status;

	if (!is_root()) {
		return STATUS_EPERM;
	}
	status = report_find((uint32_t)pid, &report);
	return status ? status : copy_to_user((uva_t){ at }, &report, sizeof(report));
}

/* For tools/bench-cost. Only where the log goes to a file: on a console it would be noise. */
static void log_ticks(void)
{
	if (options.log == log_com2) {
		log_print("bulwark: %lu TSC ticks since kernel entry\n", tsc_read() - boot_tsc);
	}
}

int64_t sys_power_off(uint64_t exit_status)
{
	if (!may_judge()) {
		return STATUS_EPERM;
	}
	log_ticks();
	power_off((int)(exit_status & 0xff));
}

int64_t sys_pagemap(uint64_t page, uint64_t out)
{
	pfn_t frame;
	status_t status = as_lookup(process_current()->as, (uva_t){ page }, &frame);

	return status ? status : store_user_u64((uva_t){ out }, frame.pfn);
}

int64_t sys_flag_prove(uint64_t value)
{
	witness_hear_proof(process_current(), BW_FACT_FLAG, flag_is(value));
	return STATUS_OK;
}

int64_t sys_base_prove(uint64_t address)
{
	witness_hear_proof(process_current(), BW_FACT_BASE, address == (uint64_t)image_start);
	return STATUS_OK;
}

int64_t sys_memory_info(uint64_t at)
{
	struct frame_stats stats;
	struct bw_memory_info info;

	/* root wants to know what is in use; for anybody else nothing is flushed */
	if (is_root()) {
		while (kstack_trim_some()) {
			if (poll_call()) {
				return STATUS_EINTR;
			}
		}
		(void)slab_trim();
	}
	frame_stats_read(&stats);
	info = (struct bw_memory_info){
		.nr_frames_usable = stats.nr_usable,
		.nr_free_revealed = stats.nr_free_revealed,
		.nr_free_hidden = stats.nr_free_hidden,
		.nr_user = stats.nr_user,
		.nr_kernel = stats.nr_kernel,
		.nr_ptable = stats.nr_ptable,
		.nr_pfn = nr_frames,
		.nr_processes = process_count(),
	};
	direct_split_count(&info.nr_direct_whole, &info.nr_direct_split);
	return copy_to_user((uva_t){ at }, &info, sizeof(info));
}

/* Without a terminator: the length tells. */
/* The only defence that a running system can do without. */
int64_t sys_mitigate(uint64_t on)
{
	if (!is_root()) {
		return STATUS_EPERM;
	}
	if (on > 1) {
		return STATUS_EINVAL;
	}
	kaiser_switch(on);
	return STATUS_OK;
}

int64_t sys_boot_command(uint64_t at, uint64_t size_bytes)
{
	char words[OPTIONS_CMD_BYTES];
	size_t len = strlen(options.cmd);

	if (size_bytes < len) {
		return STATUS_ERANGE;
	}
	/* the option itself is not for copies, nor what lies beside it */
	memcpy(words, options.cmd, len);
	return copy_to_user((uva_t){ at }, words, len) ? STATUS_EFAULT : (int64_t)len;
}

int64_t sys_foreground_end(void)
{
	if (!may_judge()) {
		return STATUS_EPERM;
	}
	witness_end_foreground();
	return STATUS_OK;
}

int64_t sys_job_begin(uint64_t kind)
{
	return may_judge() ? witness_begin_job((enum bw_job)kind) : STATUS_EPERM;
}

int64_t sys_attack_end(uint64_t pid, uint64_t at)
{
	struct bw_attack attack;
	status_t status;

	if (!may_judge()) {
		return STATUS_EPERM;
	}
	if (!user_range_ok((uva_t){ at }, sizeof(attack))) {
		return STATUS_EFAULT;
	}
	status = witness_end_attack((uint32_t)MIN(pid, UINT32_MAX), &attack);
	return status ? status : copy_to_user((uva_t){ at }, &attack, sizeof(attack));
}

int64_t sys_ktest(uint64_t index, uint64_t at, uint64_t size_bytes)
{
	pfn_t frames_of_text;
	size_t len;
	char *text;
	status_t status;

	if (options.ktest != ktest_on) {
		return STATUS_ENOSYS;
	}
	status = frame_alloc_copied(KTEST_TEXT_ORDER, &frames_of_text);
	if (status) {
		return status;
	}
	text = direct_map_pointer(frames_of_text);
	status = ktest_run((unsigned)MIN(index, UINT32_MAX), text,
			   MIN(size_bytes, (uint64_t)PAGE_SIZE << KTEST_TEXT_ORDER), &len);
	if (status == STATUS_OK) {
		status = copy_to_user((uva_t){ at }, text, len);
	}
	frame_free_kernel(frames_of_text, KTEST_TEXT_ORDER);
	return status ? status : (int64_t)len;
}

int64_t sys_scan(uint64_t inverse, uint64_t and_freed, uint64_t at)
{
	struct bw_scan result;

	if (options.ktest != ktest_on) {
		return STATUS_ENOSYS;
	}
	if (!is_root()) {
		return STATUS_EPERM;
	}
	rendezvous_stop_others();
	scan_kernel_memory(inverse, and_freed ? SCAN_FREED : SCAN_OWNED, &result);
	rendezvous_release();
	return copy_to_user((uva_t){ at }, &result, sizeof(result));
}

int64_t sys_fail_allocation(uint64_t nth)
{
	if (options.ktest != ktest_on) {
		return STATUS_ENOSYS;
	}
	process_current()->fail_countdown = nth;
	return STATUS_OK;
}
