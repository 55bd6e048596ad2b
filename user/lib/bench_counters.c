/* The kernel's event counters, where the kernel is Bulwark. */
#include <string.h>
#include <sys/utsname.h>

#include "bench.h"
#include "bulwark.h"

#define COUNTER(name, help) #name,
const char *const bench_counter_names[] = {
#include "abi/counters.def"
};
#undef COUNTER

const size_t nr_bench_counters = sizeof(bench_counter_names) / sizeof(bench_counter_names[0]);

_Static_assert(sizeof(bench_counter_names) / sizeof(bench_counter_names[0]) <= BENCH_COUNTERS_MAX,
	       "there is room for all counters");

bool bench_is_bulwark(void)
{
	static int answer = -1;
	struct utsname name;

	if (answer < 0) {
		answer = uname(&name) == 0 && strcmp(name.sysname, "Bulwark") == 0;
	}
	return answer == 1;
}

void bench_counters_read(struct bench_counters *counters)
{
	counters->are_known = bench_is_bulwark() &&
			      bw_counters(-1, counters->values, sizeof(counters->values)) >= 0;
}

void bench_counters_add(struct bench_counters *sum, const struct bench_counters *before,
			const struct bench_counters *after)
{
	sum->are_known = before->are_known && after->are_known;
	for (size_t i = 0; sum->are_known && i < nr_bench_counters; i++) {
		sum->values[i] += after->values[i] - before->values[i];
	}
}
