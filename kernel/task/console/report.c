/* Reports on how processes end. */
#include "task/console/report.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/slab.h"
#include "task/authority/credentials.h"
#include "task/process/process.h"

static struct slab_cache words_cache;

void report_boot(void)
{
	slab_cache_init(&words_cache, "report words", sizeof(struct report_words));
}

void report_init(struct report *report) { *report = (struct report){ .fault_pfn = UINT64_MAX }; }

void report_clear(struct report *report)
{
	if (report->words) {
		slab_free(&words_cache, report->words);
	}
	report_init(report);
}

struct report_words *report_words(struct report *report)
{
	void *object;

	if (!report->words && slab_alloc(&words_cache, &object) == STATUS_OK) {
		report->words = object;
	}
	return report->words;
}

const char *report_text(const struct report *report)
{
	return report->words ? report->words->text : "";
}

void report_fill(struct report *report, struct process *process)
{
	assert(lock_is_held(&process_lock));
	report->pid = (int32_t)process->pid;
	report->status = process->status;
	report->uid_first = process->uid_first;
	report->uid_last = credentials_uid(process);
	report->vuln_calls = process->vuln_calls;
}

static void report_export(const struct report *report, struct bw_report *out)
{
	*out = (struct bw_report){
		.pid = report->pid,
		.status = report->status,
		.end = report->end,
		.defence = report->defence,
		.uid_first = report->uid_first,
		.uid_last = report->uid_last,
		.vuln_calls = report->vuln_calls,
		.fault_address = report->fault_address,
		.fault_rip = report->fault_rip,
		.fault_pfn = report->fault_pfn,
	};
	if (report->words) {
		string_copy(out->text, report->words->text, sizeof(out->text));
		string_copy(out->fault_json, report->words->fault_json, sizeof(out->fault_json));
	}
}

status_t report_find(uint32_t pid, struct bw_report *out)
{
	struct process *parent = process_current();
	struct process *child;
	status_t status = STATUS_OK;

	lock_acquire(&process_lock);
	child = process_find(pid);
	if (child && child->parent == parent) {
		report_fill(&child->report, child);
		report_export(&child->report, out);
	} else if (parent->last_report.pid == (int32_t)pid && pid) {
		report_export(&parent->last_report, out);
	} else {
		status = STATUS_ESRCH;
	}
	lock_release(&process_lock);
	return status;
}
