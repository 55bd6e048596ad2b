/* Takes the figures of a benchmark program. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bulwark.h"

enum { SAMPLES_MAX = 255, SAMPLES_WANTED = 31, NS_PER_S = 1000000000 };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t ticks(void) { return bench_settings.tsc ? __builtin_ia32_rdtsc() : now_ns(); }

/* Ticks of one sample; false where an operation failed. */
static bool sample(struct bench_result *result, uint64_t nr, uint64_t *spent)
{
	const struct bench_figure *figure = result->figure;
	struct bench_counters before, after;

	if (figure->prepare != NULL) {
		figure->prepare(figure, nr);
	}
	bench_counters_read(&before);
	uint64_t start = ticks();
	bool is_good = figure->run(figure, nr);

	*spent = ticks() - start;
	bench_counters_read(&after);
	bench_counters_add(&result->counters, &before, &after);
	return is_good;
}

static uint64_t clamp(const struct bench_figure *figure, uint64_t nr)
{
	uint64_t min = figure->batch_min_per_job * bench_settings.nr_jobs;

	if (figure->batch_max != 0 && nr > figure->batch_max) {
		nr = figure->batch_max;
	}
	return nr > min ? nr : min;
}

/* How many operations fill one sample; also warms caches and pools. 0: an operation failed. */
static uint64_t choose_batch(struct bench_result *result)
{
	uint64_t wanted_ns = bench_settings.budget_ns / SAMPLES_WANTED;
	uint64_t nr = clamp(result->figure, 1);
	uint64_t spent, start;

	for (;;) {
		start = now_ns();
		if (!sample(result, nr, &spent)) {
			return 0;
		}
		if (bench_settings.nr_operations != 0) {
			return clamp(result->figure,
				     (bench_settings.nr_operations + SAMPLES_WANTED - 1) /
					     SAMPLES_WANTED);
		}
		if (now_ns() - start >= wanted_ns || clamp(result->figure, 2 * nr) == nr) {
			return nr;
		}
		nr = clamp(result->figure, 2 * nr);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool is_enough(const struct bench_result *result, uint64_t end_ns)
{
	if (bench_settings.nr_operations != 0) {
		return result->nr_operations >= bench_settings.nr_operations;
	}
	return now_ns() >= end_ns;
}

/* All samples after the first, which only warms. */
static bool take_samples(struct bench_result *result)
{
	static double samples[SAMPLES_MAX];
	uint64_t batch = choose_batch(result);
	uint64_t end_ns = now_ns() + bench_settings.budget_ns;
	uint64_t spent;

	if (batch == 0) {
		return false;
	}
	result->counters = (struct bench_counters){ 0 };
	do {
		if (!sample(result, batch, &spent)) {
			return false;
		}
		samples[result->nr_samples++] = (double)spent / (double)batch;
		result->nr_operations += batch;
		result->total += spent;
	} while (result->nr_samples < SAMPLES_MAX && !is_enough(result, end_ns));
	qsort(samples, result->nr_samples, sizeof(samples[0]), compare);
	result->median = samples[result->nr_samples / 2];
	result->min = samples[0];
	result->max = samples[result->nr_samples - 1];
	return true;
}

/* Exactly nr_once operations, after as many to warm: nothing in it depends on time. */
static bool take_once(struct bench_result *result)
{
	uint64_t nr = bench_settings.nr_once;

	if (result->figure->batch_max != 0 && nr > result->figure->batch_max) {
		result->skipped = "--once asks for more than this figure can do at once";
		return true;
	}
	if (!sample(result, nr, &result->total)) {
		return false;
	}
	result->counters = (struct bench_counters){ 0 };
	if (!sample(result, nr, &result->total)) {
		return false;
	}
	result->nr_operations = nr;
	result->nr_samples = 1;
	result->median = result->min = result->max = (double)result->total / (double)nr;
	return true;
}

static bool take(const struct bench_figure *figure)
{
	struct bench_result result = { .figure = figure };
	bool is_good = true;

	if (figure->setup != NULL) {
		result.skipped = figure->setup(figure);
	}
	if (result.skipped == NULL) {
		is_good = bench_settings.nr_once != 0 ? take_once(&result) : take_samples(&result);
		if (figure->teardown != NULL) {
			figure->teardown(figure);
		}
	}
	if (is_good) {
		bench_print(&result);
	} else {
		fprintf(stderr, "%s: an operation failed: %s\n", figure->name, strerror(errno));
	}
	return is_good;
}

static bool is_wanted(const char *name, char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return names[0] == NULL;
}

int bench_main(int argc, char *argv[], const struct bench_program *program)
{
	int status;
	int first = bench_options(argc, argv, program, &status);

	if (first < 0) {
		return status;
	}
	if (!bench_settings.bare && !bench_settings.json) {
		bench_print_heading();
	}
	for (size_t i = 0; i < program->nr_figures; i++) {
		if (is_wanted(program->figures[i].name, argv + first) &&
		    !take(&program->figures[i])) {
			status = 1;
		}
	}
	return status;
}

unsigned int bench_nr_cpus(void)
{
	uint64_t value;
	unsigned int nr = 0;

	if (!bench_is_bulwark()) {
		return (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	}
	while (bw_counters((long)nr, &value, 0) >= 0) {
		nr++;
	}
	return nr > 0 ? nr : 1;
}

const char *bench_self(const char *argv0)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s%s", strchr(argv0, '/') != NULL ? "" : "/bin/", argv0);
	return path;
}

bool bench_in_parallel(unsigned int nr, bool (*body)(const void *argument), const void *argument)
{
	bool is_good = true;
	unsigned int nr_started = 0;
	int status;

	for (; nr_started < nr; nr_started++) {
		pid_t child = fork();

		if (child == 0) {
			_exit(body(argument) ? 0 : 1);
		}
		if (child < 0) {
			is_good = false;
			break;
		}
	}
	for (; nr_started > 0; nr_started--) {
		is_good = wait(&status) > 0 && status == 0 && is_good;
	}
	return is_good;
}
