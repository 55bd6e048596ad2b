/*
 * In-kernel tests. A suite is a function that makes checks, each a sentence that holds or does not:
 *
 *	KTEST_SUITE(frames)
 *	{
 *		ktest_ok(frame_is_hidden(...), "a user frame is hidden");
 *	}
 *
 * The results are TAP. A suite runs in a system call of the process that asked for it: it may
 *allocate and block.
 */
#pragma once

#include "core/ktest.h"

struct ktest_suite {
	const char *name;
	void (*run)(void);
};

/* The linker collects the rows. */
#define KTEST_SUITE(suite_name)                                                                    \
	static void ktest_run_##suite_name(void);                                                  \
	__attribute__((used,                                                                       \
		       section(".ktest"))) static const struct ktest_suite ktest_##suite_name = {  \
		#suite_name, ktest_run_##suite_name                                                \
	};                                                                                         \
	static void ktest_run_##suite_name(void)

/* One check. Returns whether it held. */
bool ktest_ok(bool holds, const char *format, ...) PRINTF_LIKE(2, 3);
/* A line of comment, for instance on why a check failed. */
void ktest_diag(const char *format, ...) PRINTF_LIKE(1, 2);
/* The rest of the suite cannot be tried here: the sentence says why. */
void ktest_skip(const char *format, ...) PRINTF_LIKE(1, 2);
