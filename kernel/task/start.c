/* Starts the first process. */
#include "task/start.h"

#include "core/cpu.h"
#include "core/log.h"
#include "core/panic.h"
#include "core/power.h"
#include "core/restart.h"
#include "mm/table/memory.h"
#include "mm/watch/audit.h"
#include "task/authority/active_syscall_table.h"
#include "task/authority/credentials.h"
#include "task/authority/flag.h"
#include "task/authority/program_policy.h"
#include "task/authority/witness.h"
#include "task/console/console.h"
#include "task/fault/audit_processes.h"
#include "task/fault/fault.h"
#include "task/ipc/futex.h"
#include "task/process/boot_archive.h"
#include "task/process/exec.h"
#include "task/process/fault_injection.h"
#include "task/process/process.h"
#include "task/sched/alarm.h"
#include "task/sched/call_pieces.h"
#include "task/sched/irq.h"
#include "task/sched/processors.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"

#define INIT_PATH "bin/" POLICY_FIRST_PROGRAM

static void init_main(void *thread)
{
	(void)thread;
	log_print("bulwark: no first process: " INIT_PATH " does not run (%d)\n",
		  exec_first(INIT_PATH));
	power_off(EXIT_STATUS_NO_ARCHIVE);
}

static status_t first_process(void)
{
	struct process *process;
	struct thread *thread;
	status_t status = process_alloc(&process);

	if (status == STATUS_OK) {
		status = process_add(process, NULL);
	}
	if (status == STATUS_OK) {
		status = thread_create(process, init_main, &thread);
	}
	if (status == STATUS_OK) {
		process_add_thread(process, thread);
		sched_start(thread);
	}
	return status;
}

/* What was typed at the console before a restart. */
static void type_ahead(void)
{
	const char *text;
	size_t len = restart_input(&text);

	console_type_ahead(text, len);
	restart_forget();
}

void task_start(const struct boot_info *info, const void *archive, size_t size_bytes)
{
	if (boot_archive_mount(archive, size_bytes)) {
		power_off(EXIT_STATUS_NO_ARCHIVE);
	}
	flag_init();
	fault_init();
	fault_injection_init();
	credentials_init();
	audit_set_part(audit_processes);
	witness_init();
	program_policy_init();
	irq_start();
	type_ahead();
	thread_init();
	process_init();
	endpoints_init();
	futex_init();
	call_pieces_init();
	timer_init_cpu(this_cpu()->id);
	if (sched_init_cpu(this_cpu())) {
		panic("no memory for the scheduler");
	}
	processors_start(info);
	table_in_force_init();
	alarm_init();
	memory_seal_image();
	alarm_start();
	if (first_process()) {
		panic("no memory for the first process");
	}
	sched_enter();
}
