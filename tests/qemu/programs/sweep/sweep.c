/*
 * sweep [MiB[h] [CALL...]] (h: on pages of 2 MiB, too): makes every system call with the largest
 * arguments that it takes, and each with odd ones. Says which comes next; a kernel with
 * budget=panic ends where one keeps the processor for too long. Run as root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep.h"

size_t large_bytes = 512 * MIB;
bool with_huge;

struct call {
	long number;
	const char *name;
	void (*sweep)(void);
};

enum {
#define SYSCALL(number, name, nr_arguments) ROW_##name,
#define SYSCALL_WITH_REGS SYSCALL
#include "abi/syscalls.def"
#undef SYSCALL
	NR_ROWS
};

static struct call calls[NR_ROWS] = {
#define SYSCALL(call_number, call_name, nr_arguments)                                              \
	[ROW_##call_name] = { .number = (call_number), .name = #call_name },
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
};

/* Those whose end would be the sweep's, or that wait for ever: what they do before is looked at
 * elsewhere. */
static const char *const not_odd[] = { "exit",        "exit_group",
				       "power_off",   "reboot",
				       "nanosleep",   "clock_nanosleep",
				       "read",        "readv",
				       "ipc_receive", "ipc_reply_receive",
				       "kill",        "tkill",
				       "tgkill",      "fork",
				       "vfork",       "clone",
				       "audit",       "scan",
				       "mitigate",    "ktest",
				       "brk",         "munmap",
				       "pause",       "poll" };

static void sweeps_set(void)
{
#define SWEEP(name) calls[ROW_##name].sweep = sweep_##name
	SWEEP(mmap);
	SWEEP(munmap);
	SWEEP(mprotect);
	SWEEP(madvise);
	SWEEP(brk);
	SWEEP(mremap);
	SWEEP(msync);
	SWEEP(mincore);
	SWEEP(setitimer);
	SWEEP(ipc_receive);
	SWEEP(ipc_reply_receive);
	SWEEP(job_begin);
	SWEEP(fork);
	SWEEP(exit);
	SWEEP(getrandom);
	SWEEP(futex);
	SWEEP(clone);
	SWEEP(exit_group);
	SWEEP(execve);
	SWEEP(kill);
	SWEEP(wait4);
	SWEEP(nanosleep);
	SWEEP(tkill);
	SWEEP(sched_setaffinity);
	SWEEP(ipc_call);
	SWEEP(endpoint_create);
	SWEEP(write);
	SWEEP(writev);
	SWEEP(poll);
	SWEEP(readv);
	SWEEP(memory_info);
	SWEEP(option);
	SWEEP(archive_entry);
	SWEEP(symbol);
	SWEEP(ptdump);
	SWEEP(frame_map);
	SWEEP(canvas_fill);
	SWEEP(policy_load);
	SWEEP(policy_rule);
	SWEEP(pagemap);
	SWEEP(explain);
	SWEEP(attack_end);
#undef SWEEP
}

char *memory_touched(size_t len_bytes, int flags)
{
	char *memory = mmap(NULL, len_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
	size_t step = flags & MAP_HUGETLB ? BW_HUGE_PAGE_SIZE : BW_PAGE_SIZE;

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	for (size_t i = 0; i < len_bytes; i += step) {
		memory[i] = 1;
	}
	return memory;
}

char *memory_sparse(size_t len_bytes, size_t step_bytes)
{
	char *memory = mmap(NULL, len_bytes, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);

	for (size_t i = 0; memory != MAP_FAILED && i < len_bytes; i += step_bytes) {
		memory[i] = 1;
	}
	return memory;
}

void in_child(void (*body)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	if (pid > 0) {
		waitpid(pid, NULL, 0);
	} else {
		perror("fork");
	}
}

static bool is_in(const char *name, const char *const *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(name, list[i])) {
			return true;
		}
	}
	return false;
}

static const struct call *odd_call;

/* Nothing, as much as there is, and too much, everywhere. */
static void odd(void)
{
	static char buffer[1 << 16];
	const long values[] = { 0, (long)buffer, sizeof(buffer), -1, 1l << 40 };
	enum { NR = sizeof(values) / sizeof(values[0]) };

	for (unsigned i = 0; i < NR * NR * NR; i++) {
		long a = values[i % NR], b = values[i / NR % NR], c = values[i / NR / NR];

		(void)syscall(odd_call->number, a, b, c, values[(i + 1) % NR], values[i % NR], 0);
	}
}

static void call_sweep(const struct call *call)
{
	bool is_vuln = call->number >= 0x1100;

	if (call->sweep) {
		printf("sweep: %s\n", call->name);
		in_child(call->sweep);
	}
	if (!is_vuln && !is_in(call->name, not_odd, sizeof(not_odd) / sizeof(not_odd[0]))) {
		odd_call = call;
		in_child(odd);
	}
}

/* A call that works in pieces must be swept with what makes it long. */
static const char *const in_pieces[] = {
#define PIECES(name) #name,
#define STOPS(name)
#define BUDGET(name, how, what_grows) how(name)
#include "../../../../kernel/task/sched/budgets.def"
#undef BUDGET
};

static void all_are_swept(void)
{
	for (unsigned row = 0; row < NR_ROWS; row++) {
		if (!calls[row].sweep &&
		    is_in(calls[row].name, in_pieces, sizeof(in_pieces) / sizeof(in_pieces[0]))) {
			printf("sweep: %s has no sweep\n", calls[row].name);
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		large_bytes = strtoul(argv[1], NULL, 0) * MIB;
		with_huge = strchr(argv[1], 'h') != NULL;
	}
	sweeps_set();
	all_are_swept();
	for (unsigned row = 0; row < NR_ROWS; row++) {
		if (argc < 3 ||
		    is_in(calls[row].name, (const char *const *)argv + 2, (size_t)argc - 2)) {
			call_sweep(&calls[row]);
		}
	}
	puts("sweep: done");
	return 0;
}
