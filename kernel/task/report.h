/* How a process ended, in words and numbers: the kernel's testimony. */
#pragma once

#include "abi/bulwark.h"
#include "lib/status.h"
#include "lib/types.h"

struct process;

void report_init(void);
/* ENOMEM. */
status_t report_alloc(struct bw_report **out) MUST_CHECK;
void report_free(struct bw_report *report);

/* Appends to the text; what does not fit is cut off. */
void report_say(struct bw_report *report, const char *format, ...) PRINTF_LIKE(2, 3);
/* The text so far goes to the kernel's log. */
void report_log(const struct bw_report *report);

/* What the process itself knows: pid, status, uids, counts. Caller holds process_lock. */
void report_fill(struct bw_report *report, const struct process *process);

/* The report on a child of the caller's, alive, dead, or the one reaped last. ESRCH: there is none. */
status_t report_find(uint32_t pid, struct bw_report *out) MUST_CHECK;
