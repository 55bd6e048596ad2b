/* The end of a process whose credentials could not be written. */
#include "core/log.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "lib/text.h"
#include "task/process/process.h"
#include "task/process/process_end.h"
#include "task/process/signal.h"

bool process_begin_insecure_end(struct process *process)
{
	assert(lock_is_held(&process_lock));
	if (!process_begin_exit(process, status_of_signal(SIGNAL_KILL), BW_END_INSECURE)) {
		return false;
	}
	process->report.defence = BW_DEFENCE_AUTHORITY;
	return true;
}

void process_end_insecure(const char *call)
{
	struct process *process = process_current();
	struct report_words *words;
	struct text text;
	bool is_first;

	lock_acquire(&process_lock);
	is_first = process_begin_insecure_end(process);
	lock_release(&process_lock);
	if (!is_first) {
		return;
	}
	words = report_words(&process->report);
	text = text_begin(words ? words->text : NULL, words ? sizeof(words->text) : 0);
	text_say(&text,
		 "bulwark: %s (pid %u): %s: the kernel cannot write who it is, or what it may do; "
		 "the process ends\n"
		 "  defence      authority: what is told as done is done\n",
		 process->name, process->pid, call);
	log_write(report_text(&process->report), strlen(report_text(&process->report)));
}
