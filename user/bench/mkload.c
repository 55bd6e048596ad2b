/*
 * A load like that of a parallel build: processes that fork, exec, touch memory, compute, read,
 * write and exit, on all processors. One operation is one job: a driver process that runs a
 * compiler and an assembler, as `cc -c` does. What a job computes depends on its number alone and
 * comes back in its exit code. There are no files: the descriptor calls move no bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum {
	PAGE_BYTES = 4096,
	NR_SEEDS = 8,
	COMPILER_PAGES = 64,
	COMPILER_PASSES = 6,
	ASSEMBLER_PAGES = 16,
	ASSEMBLER_PASSES = 4,
	HEAP_BLOCKS = 32,
	HEAP_BLOCK_BYTES = 1000,
	FAILED = 255, /* no digest has this value */
	JOBS_PER_BATCH = 2,
};

struct tool {
	unsigned int nr_pages;
	unsigned int nr_passes;
};

static const struct tool tools[] = {
	{ COMPILER_PAGES, COMPILER_PASSES },
	{ ASSEMBLER_PAGES, ASSEMBLER_PASSES },
};
enum { NR_TOOLS = sizeof(tools) / sizeof(tools[0]) };

static const char *self;
static unsigned int digests[NR_SEEDS];

static uint64_t mix(uint64_t value, uint64_t word)
{
	return (value ^ word) * 0x9e3779b97f4a7c15u + (value >> 29);
}

/* Small blocks that come and go, as a parser's do. */
static uint64_t use_heap(uint64_t value)
{
	char *blocks[HEAP_BLOCKS];

	for (unsigned int i = 0; i < HEAP_BLOCKS; i++) {
		blocks[i] = malloc(HEAP_BLOCK_BYTES);
		if (blocks[i] == NULL) {
			_exit(FAILED);
		}
		memset(blocks[i], (int)(value >> (i & 31)), HEAP_BLOCK_BYTES);
	}
	for (unsigned int i = 0; i < HEAP_BLOCKS; i++) {
		value = mix(value, (unsigned char)blocks[i][i]);
		free(blocks[i]);
	}
	return value;
}

/* One tool's work: fills memory, goes over it again and again, gives it back. Below FAILED. */
static unsigned int work(const struct tool *tool, unsigned int seed)
{
	size_t bytes = (size_t)tool->nr_pages * PAGE_BYTES;
	size_t nr_words = bytes / sizeof(uint64_t);
	uint64_t value = seed + 1;
	char nothing;
	uint64_t *words =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (words == MAP_FAILED || read(STDIN_FILENO, &nothing, 0) != 0) {
		_exit(FAILED);
	}
	for (size_t i = 0; i < nr_words; i++) {
		words[i] = value = mix(value, i);
	}
	value = use_heap(value);
	for (unsigned int pass = 1; pass < tool->nr_passes; pass++) {
		for (size_t i = 0; i < nr_words; i++) {
			value = mix(value, words[i]);
		}
	}
	if (mprotect(words, bytes, PROT_READ) != 0 || write(STDOUT_FILENO, "", 0) != 0) {
		_exit(FAILED);
	}
	value = mix(value, words[value % nr_words]);
	munmap(words, bytes);
	return (unsigned int)((value >> 32) % FAILED);
}

static unsigned int combine(unsigned int digest, unsigned int part)
{
	return (digest * 31 + part) % FAILED;
}

/* Runs this program again as a tool or, NR_TOOLS, as the driver. */
static pid_t start(unsigned int role, unsigned int seed)
{
	char role_text[16], seed_text[16];
	char *const argv[] = { (char *)self, "--role", role_text, seed_text, NULL };
	char *const environment[] = { NULL };
	pid_t child;

	snprintf(role_text, sizeof(role_text), "%u", role);
	snprintf(seed_text, sizeof(seed_text), "%u", seed);
	child = fork();
	if (child == 0) {
		execve(self, argv, environment);
		_exit(FAILED);
	}
	return child;
}

/* Blocks. The digest of one tool. */
static unsigned int run_tool(unsigned int which, unsigned int seed)
{
	pid_t child = start(which, seed);
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
		return FAILED;
	}
	return (unsigned int)WEXITSTATUS(status);
}

/* What the driver does: the tools one after the other; the digest of all. */
static unsigned int drive(unsigned int seed)
{
	unsigned int digest = 0;

	for (unsigned int i = 0; i < NR_TOOLS; i++) {
		unsigned int part = run_tool(i, seed);

		if (part == FAILED) {
			return FAILED;
		}
		digest = combine(digest, part);
	}
	return digest;
}

static unsigned int act(unsigned int role, unsigned int seed)
{
	return role < NR_TOOLS ? work(&tools[role], seed) : drive(seed);
}

/* Blocks. One job's end; false unless its digest is that of some seed. */
static bool reap(void)
{
	int status;

	if (wait(&status) <= 0 || !WIFEXITED(status)) {
		return false;
	}
	for (unsigned int seed = 0; seed < NR_SEEDS; seed++) {
		if ((unsigned int)WEXITSTATUS(status) == digests[seed]) {
			return true;
		}
	}
	return false;
}

static bool run(const struct bench_figure *figure, uint64_t nr)
{
	uint64_t nr_started = 0, nr_running = 0;
	bool is_good = true;

	(void)figure;
	while ((is_good && nr_started < nr) || nr_running > 0) {
		if (is_good && nr_started < nr && nr_running < bench_settings.nr_jobs) {
			is_good = start(NR_TOOLS, (unsigned int)(nr_started % NR_SEEDS)) > 0;
			nr_started += is_good;
			nr_running += is_good;
		} else {
			is_good = reap() && is_good;
			nr_running--;
		}
	}
	return is_good;
}

static const char *setup(const struct bench_figure *figure)
{
	(void)figure;
	for (unsigned int seed = 0; seed < NR_SEEDS; seed++) {
		for (unsigned int i = 0; i < NR_TOOLS; i++) {
			digests[seed] = combine(digests[seed], work(&tools[i], seed));
		}
	}
	return NULL;
}

int main(int argc, char *argv[])
{
	static const struct bench_figure figure = {
		.name = "mkload",
		.brief = "one job: a driver that runs a compiler and an assembler",
		.setup = setup,
		.run = run,
		.batch_min_per_job = JOBS_PER_BATCH,
	};
	static const struct bench_program program = {
		.name = "mkload",
		.brief = "A load like that of a parallel build.",
		.figures = &figure,
		.nr_figures = 1,
		.takes_jobs = true,
	};

	self = bench_self(argv[0]);
	if (argc == 4 && strcmp(argv[1], "--role") == 0) {
		return (int)act((unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]));
	}
	return bench_main(argc, argv, &program);
}
