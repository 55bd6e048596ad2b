/* Runs pieces of torture, and looks whether the machine is sound. */
#include "torture.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpus.h"
#include "tap.h"

enum { PATTERN = 0x5a };

static bool may_live(const struct torture *piece)
{
	return piece->ends & LIVES || (piece->ends & LIVES_IN_TCG && cpus_are_tcg());
}

bool torture_ends_well(const struct torture *piece)
{
	struct bw_report report = { 0 };
	int status = child_run_reported(piece->body, (void *)piece->argument, &report);
	int signal = child_signal(status);
	bool died_right =
		signal != 0 && piece->ends & DIES(signal) && report.end == BW_END_USER_FAULT;
	bool lived_right = child_exit_code(status) == 0 && may_live(piece);

	if (!died_right && !lived_right) {
		tap_note("%s, argument 0x%lx: wait status 0x%x, report end %u, may end in 0x%x",
			 piece->name, piece->argument, status, report.end, piece->ends);
		if (report.text[0] != '\0') {
			tap_note("%s", report.text);
		}
	}
	return died_right || lived_right;
}

void torture_run(const struct torture *pieces, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		const char *end = pieces[i].ends == LIVES ? "does no harm"
				  : may_live(&pieces[i])  ? "ends the task or does no harm"
							  : "ends the task";

		tap_ok(torture_ends_well(&pieces[i]), "%s %s", pieces[i].name, end);
	}
}

/* On the processor that runs it: system calls, page faults and the thread's own memory work. */
static bool processor_is_sound(void)
{
	static __thread int own = PATTERN;
	char *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	bool is_sound;

	if (page == MAP_FAILED) {
		return false;
	}
	is_sound = page[0] == 0 && own == PATTERN && getpid() > 0 && getuid() == 0;
	memset(page, PATTERN, BW_PAGE_SIZE);
	is_sound = is_sound && page[BW_PAGE_SIZE - 1] == PATTERN;
	return munmap(page, BW_PAGE_SIZE) == 0 && is_sound;
}

static int check_processors(void *unused)
{
	int nr = cpus_count();

	(void)unused;
	for (int cpu = 0; cpu < nr; cpu++) {
		/* pinning narrows what the next one can be chosen from: each in a process of its
		 * own */
		pid_t child = fork();

		if (child == 0) {
			_exit(cpus_pin(cpu) && processor_is_sound() ? 0 : 1);
		}
		if (child < 0 || child_exit_code(child_wait(child)) != 0) {
			return 1;
		}
	}
	return 0;
}

void torture_check_machine(void)
{
	struct bw_audit audit = { 0 };

	tap_is(child_run(check_processors, NULL), 0,
	       "afterwards calls and page faults work on every processor");
	if (!tap_ok(bw_audit(&audit) >= 0 && audit.nr_violations == 0,
		    "afterwards the audit finds no violation")) {
		tap_note("%s", audit.first);
	}
}
