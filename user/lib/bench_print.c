/* Prints figures, as lines of a table or as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "bench.h"
#include "json.h"

static const char *unit(void) { return bench_settings.tsc ? "cycles" : "ns"; }

void bench_print_heading(void)
{
	printf("%-14s %14s %14s %14s  %-6s %10s\n", "figure", "median", "minimum", "maximum",
	       "unit", "count");
}

static void print_counters(const struct bench_result *result)
{
	for (size_t i = 0; i < nr_bench_counters; i++) {
		uint64_t value = result->counters.values[i];

		if (value != 0) {
			printf("  %-22s %12.3f per operation\n", bench_counter_names[i],
			       (double)value / (double)result->nr_operations);
		}
	}
}

static void print_line(const struct bench_result *result)
{
	printf("%-14s ", result->figure->name);
	if (result->skipped != NULL) {
		printf("SKIP: %s\n", result->skipped);
		return;
	}
	printf("%14.1f %14.1f %14.1f  %-6s %10" PRIu64 "\n", result->median, result->min,
	       result->max, unit(), result->nr_operations);
	if (bench_settings.counters && result->counters.are_known) {
		print_counters(result);
	}
}

static void print_json(const struct bench_result *result)
{
	printf("{\"name\": \"%s\", ", result->figure->name);
	if (result->skipped != NULL) {
		fputs("\"skip\": ", stdout);
		json_string(stdout, result->skipped);
		puts("}");
		return;
	}
	printf("\"median\": %.1f, \"min\": %.1f, \"max\": %.1f, \"unit\": \"%s\", ", result->median,
	       result->min, result->max, unit());
	printf("\"count\": %" PRIu64 ", \"samples\": %" PRIu64 ", \"total\": %" PRIu64 ", ",
	       result->nr_operations, result->nr_samples, result->total);
	printf("\"jobs\": %u, \"cpus\": %u, \"system\": \"%s\"", bench_settings.nr_jobs,
	       bench_nr_cpus(), bench_is_bulwark() ? "Bulwark" : "other");
	if (result->counters.are_known) {
		for (size_t i = 0; i < nr_bench_counters; i++) {
			printf("%s\"%s\": %" PRIu64, i == 0 ? ", \"counters\": {" : ", ",
			       bench_counter_names[i], result->counters.values[i]);
		}
		putchar('}');
	}
	puts("}");
}

void bench_print(const struct bench_result *result)
{
	if (bench_settings.json) {
		print_json(result);
	} else {
		print_line(result);
	}
	fflush(stdout);
}
