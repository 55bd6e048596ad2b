/*
 * The audit of processes: each has an entry of credentials that is its own and names its address
 * space, and runs in the bands of the user that it was granted; and no entry outlives its process.
 * And of the boot archive, which programs are loaded from.
 */
#include "task/fault/audit_processes.h"

#include "mm/watch/audit.h"
#include "task/authority/credentials.h"
#include "task/process/boot_archive.h"
#include "task/process/process.h"
#include "task/sched/bands.h"

struct look {
	struct audit *audit;
	uint64_t *nr_processes;
};

static void look_at(struct process *process, const void *argument)
{
	const struct look *look = argument;
	bool is_root = credentials_identity(process).granted_uid == 0;

	++*look->nr_processes;
	if (!credentials_fit(process)) {
		audit_violation(look->audit,
				"process %u: its entry of credentials is not its own, or of "
				"another address space",
				process->pid);
	} else if (process->band_fresh != (is_root ? BAND_ROOT_FRESH : BAND_USER_FRESH)) {
		audit_violation(look->audit, "process %u: it runs in the bands of another user",
				process->pid);
	}
}

void audit_processes(struct audit *audit)
{
	uint64_t nr_processes = 0, nr_entries = 0;
	const void *archive;
	size_t len_bytes = boot_archive_bytes(&archive);

	audit_protected_range(audit, "archive_data", (uint64_t)archive,
			      (uint64_t)archive + len_bytes);
	process_for_each(look_at, &(struct look){ audit, &nr_processes });
	for (uint32_t pid = credentials_next(0); pid; pid = credentials_next(pid + 1)) {
		nr_entries++;
	}
	if (nr_entries != nr_processes) {
		audit_violation(audit, "credentials: %lu entries are in use by %lu processes",
				nr_entries, nr_processes);
	}
}
