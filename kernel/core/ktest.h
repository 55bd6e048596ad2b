/*
 * Runs the in-kernel test suites, which are in tests/kernel and write TAP. How to write one:
 * tests/kernel/ktest.h.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/*
 * Runs the suite at index and writes its TAP text to `text`, terminated; *len excludes the
 * terminator. It runs as part of the current thread. ENOENT past the last; EAGAIN: another one is
 * running, or ended in a fault; ERANGE: the text does not fit. With BW_KTEST_NAME in the index the
 * text is the suite's name, and it does not run.
 */
status_t ktest_run(unsigned index, char *text, size_t size_bytes, size_t *len) MUST_CHECK;
