/* Runs in-kernel suites and writes TAP. */
#include "ktest.h"

#include <stdarg.h>

#include "abi/bulwark.h"
#include "lib/builds.h"
#include "lib/format.h"
#include "plants.h"

extern const struct ktest_suite ktest_start[], ktest_end[];

/* The run going on; one at a time. */
static struct {
	bool is_busy; /* atomic */
	char *text;
	size_t size, len;
	unsigned nr_checks, nr_failed;
} run;

static void add_va(const char *format, va_list arguments)
{
	size_t end = MIN(run.len, run.size);

	run.len += (size_t)format_va(run.text + end, run.size - end, format, arguments);
}

static void add(const char *format, ...) PRINTF_LIKE(1, 2);

static void add(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_va(format, arguments);
	va_end(arguments);
}

bool ktest_ok(bool holds, const char *format, ...)
{
	va_list arguments;

	run.nr_checks++;
	run.nr_failed += !holds;
	add("%s %u - ", holds ? "ok" : "not ok", run.nr_checks);
	va_start(arguments, format);
	add_va(format, arguments);
	va_end(arguments);
	add("\n");
	return holds;
}

void ktest_diag(const char *format, ...)
{
	va_list arguments;

	add("# ");
	va_start(arguments, format);
	add_va(format, arguments);
	va_end(arguments);
	add("\n");
}

void ktest_skip(const char *format, ...)
{
	va_list arguments;

	run.nr_checks++;
	add("ok %u - # SKIP ", run.nr_checks);
	va_start(arguments, format);
	add_va(format, arguments);
	va_end(arguments);
	add("\n");
}

static status_t name_of(unsigned index, char *text, size_t size_bytes, size_t *len)
{
	if (index >= (size_t)(ktest_end - ktest_start)) {
		return STATUS_ENOENT;
	}
	*len = (size_t)format(text, size_bytes, "%s", ktest_start[index].name);
	return *len < size_bytes ? STATUS_OK : STATUS_ERANGE;
}

status_t ktest_run(unsigned index, char *text, size_t size_bytes, size_t *len)
{
	status_t status = STATUS_OK;

	if (index & BW_KTEST_NAME) {
		return name_of(index & ~BW_KTEST_NAME, text, size_bytes, len);
	}
	if ((KASAN || RACE) && index >= PLANTS) {
		plant_run(index - PLANTS);
	}
	if (index >= (size_t)(ktest_end - ktest_start)) {
		return STATUS_ENOENT;
	}
	if (__atomic_exchange_n(&run.is_busy, true, __ATOMIC_ACQUIRE)) {
		return STATUS_EAGAIN;
	}
	run.text = text;
	run.size = size_bytes;
	run.len = run.nr_checks = run.nr_failed = 0;
	add("# %s\n", ktest_start[index].name);
	ktest_start[index].run();
	add("1..%u\n", run.nr_checks);
	if (run.len >= size_bytes) {
		status = STATUS_ERANGE;
	} else {
		*len = run.len;
	}
	__atomic_store_n(&run.is_busy, false, __ATOMIC_RELEASE);
	return status;
}
