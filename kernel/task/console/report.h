/* How a process ended, in words and numbers: the kernel's testimony. */
#pragma once

#include "abi/bulwark.h"
#include "lib/status.h"
#include "lib/types.h"

struct process;

/* Most processes end without. */
struct report_words {
	char text[BW_TEXT_MAX];
	char fault_json[BW_FAULT_MAX];
};

/* As struct bw_report, which says what the fields mean, but for the words. */
struct report {
	int32_t pid, status;
	uint32_t end, defence;
	uint32_t uid_first, uid_last;
	uint32_t vuln_calls;
	uint64_t fault_address, fault_rip, fault_pfn;
	struct report_words *words; /* NULL: none */
};

void report_boot(void);

void report_init(struct report *report);
/* Frees the words. */
void report_clear(struct report *report);

/* Room for the words: all empty, once. NULL: no memory for them. */
struct report_words *report_words(struct report *report);
/* The text; never NULL. */
const char *report_text(const struct report *report);

/* What the process itself knows: pid, status, uids, counts. Caller holds process_lock. */
void report_fill(struct report *report, struct process *process);

/*
 * The report on a child of the caller's, alive, dead, or the one reaped last. ESRCH: there is none.
 */
status_t report_find(uint32_t pid, struct bw_report *out) MUST_CHECK;
