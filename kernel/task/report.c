/* Reports on how processes end. */
#include "task/report.h"

#include "core/log.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/process.h"

static struct slab_cache cache;

void report_init(void)
{
	slab_cache_init(&cache, "report", sizeof(struct bw_report));
}

status_t report_alloc(struct bw_report **out)
{
	void *object;
	status_t status = slab_alloc(&cache, &object);

	if (status == STATUS_OK) {
		*out = object;
		(*out)->fault_pfn = UINT64_MAX;
	}
	return status;
}

void report_free(struct bw_report *report)
{
	slab_free(&cache, report);
}

void report_say(struct bw_report *report, const char *format, ...)
{
	size_t len = strnlen(report->text, sizeof(report->text) - 1);
	va_list arguments;

	va_start(arguments, format);
	(void)format_va(report->text + len, sizeof(report->text) - len, format, arguments);
	va_end(arguments);
}

void report_log(const struct bw_report *report)
{
	log_write(report->text, strnlen(report->text, sizeof(report->text)));
}

void report_fill(struct bw_report *report, const struct process *process)
{
	report->pid = (int32_t)process->pid;
	report->status = process->status;
	report->uid_first = process->uid_first;
	report->uid_last = process->uid;
	report->flag_proved = process->flag_proved;
	report->vuln_calls = process->vuln_calls;
}

status_t report_find(uint32_t pid, struct bw_report *out)
{
	struct process *parent = process_current();
	struct process *child;
	status_t status = STATUS_OK;

	lock_acquire(&process_lock);
	child = process_find(pid);
	if (child && child->parent == parent) {
		*out = *child->report;
		report_fill(out, child);
	} else if (parent->last_report && parent->last_report->pid == (int32_t)pid) {
		*out = *parent->last_report;
	} else {
		status = STATUS_ESRCH;
	}
	lock_release(&process_lock);
	return status;
}
