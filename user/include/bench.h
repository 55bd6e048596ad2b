/*
 * Benchmarks: what the programs of user/bench share. Plain POSIX; what only Bulwark has (counters,
 * the number of processors by its own call) is left out elsewhere.
 *
 * A program describes its figures and calls bench_main. A figure is the cost of one operation,
 * taken as the median of samples; a sample is a batch of operations between two readings of a
 * clock. How many depends on the time budget, or on -n.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_settings {
	uint64_t nr_operations; /* -n: in all samples together; 0: as many as the budget allows */
	uint64_t nr_once;       /* --once: exactly these, in one sample, counted in TSC ticks */
	uint64_t budget_ns;     /* for each figure */
	unsigned int nr_jobs;   /* -j: processes at work at the same time */
	bool json;
	bool tsc;      /* ticks of the TSC in place of nanoseconds */
	bool counters; /* show the kernel's event counters per operation */
	bool bare;     /* no heading */
};

/* In force from the call of bench_main on. */
extern struct bench_settings bench_settings;

/* One figure. All functions but run may be NULL. */
struct bench_figure {
	const char *name;
	const char *brief;
	uint64_t argument; /* for the program's own use: a number of pages */
	/* Once, before all else: NULL, or why the figure cannot be taken here. */
	const char *(*setup)(const struct bench_figure *figure);
	/* Before each sample, outside the clock. */
	void (*prepare)(const struct bench_figure *figure, uint64_t nr);
	/* The operation, nr times; false where it failed. */
	bool (*run)(const struct bench_figure *figure, uint64_t nr);
	/* Once, after all else. */
	void (*teardown)(const struct bench_figure *figure);
	uint64_t batch_max;         /* nr is at most this; 0: no limit */
	uint64_t batch_min_per_job; /* nr is at least this times nr_jobs */
};

struct bench_program {
	const char *name;
	const char *brief;
	const struct bench_figure *figures;
	size_t nr_figures;
	bool takes_jobs; /* -j makes sense */
};

/* Takes the figures that the command line asks for; the exit status. */
int bench_main(int argc, char *argv[], const struct bench_program *program);

/* ---- For programs ---- */

/* Processors online, as far as the system tells. */
unsigned int bench_nr_cpus(void);
/* A path under which this program can be executed again. */
const char *bench_self(const char *argv0);
/* Blocks. Forks nr processes that run body(argument), and waits; false unless all exited with 0. */
bool bench_in_parallel(unsigned int nr, bool (*body)(const void *argument), const void *argument);

/* ---- Counters (bench_counters.c) ---- */

enum { BENCH_COUNTERS_MAX = 64 };

struct bench_counters {
	bool are_known; /* false on systems other than Bulwark */
	uint64_t values[BENCH_COUNTERS_MAX];
};

extern const char *const bench_counter_names[];
extern const size_t nr_bench_counters;

/* True where the kernel is Bulwark. */
bool bench_is_bulwark(void);
void bench_counters_read(struct bench_counters *counters);
/* Adds what happened between two readings. */
void bench_counters_add(struct bench_counters *sum, const struct bench_counters *before,
			const struct bench_counters *after);

/* ---- Between the files of the library ---- */

struct bench_result {
	const struct bench_figure *figure;
	const char *skipped;     /* why, or NULL */
	double median, min, max; /* per operation, in bench_unit() */
	uint64_t total;          /* ticks of all samples */
	uint64_t nr_operations;
	uint64_t nr_samples;
	struct bench_counters counters;
};

/* bench_options.c: fills bench_settings. Index of the first name, or -1 with *status to exit with.
 */
int bench_options(int argc, char *argv[], const struct bench_program *program, int *status);
/* bench_print.c */
void bench_print_heading(void);
void bench_print(const struct bench_result *result);
