/* Calls on the console, and on what the machine is. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep.h"

enum { NR_VECTORS = 1024, VECTOR_BYTES = 64 << 10, NR_RANGES = 1 << 16, NR_POLLED = 1024 };

static struct iovec vectors[NR_VECTORS];

static char *vectors_fill(size_t len_bytes)
{
	char *memory = memory_touched(VECTOR_BYTES, MAP_PRIVATE);

	memset(memory, '.', VECTOR_BYTES);
	for (unsigned i = 0; i < NR_VECTORS; i++) {
		vectors[i] = (struct iovec){ memory, len_bytes };
	}
	return memory;
}

/* As long as that does not become too long for the test. */
static void kill_soon(pid_t pid)
{
	usleep(20000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void sweep_write(void)
{
	char *memory = vectors_fill(VECTOR_BYTES);
	pid_t pid = fork();

	if (pid == 0) {
		(void)write(1, memory, VECTOR_BYTES);
		_exit(0);
	}
	kill_soon(pid);
}

void sweep_poll(void)
{
	static struct pollfd polled[NR_POLLED];

	for (unsigned i = 0; i < NR_POLLED; i++) {
		polled[i] = (struct pollfd){ .fd = 1, .events = POLLOUT };
	}
	poll(polled, NR_POLLED, 0);
}

void sweep_writev(void)
{
	pid_t pid;

	vectors_fill(VECTOR_BYTES);
	pid = fork();
	if (pid == 0) {
		(void)writev(1, vectors, NR_VECTORS);
		_exit(0);
	}
	kill_soon(pid);
	vectors_fill(0);
	(void)writev(1, vectors, NR_VECTORS);
}

void sweep_readv(void)
{
	pid_t pid;

	vectors_fill(VECTOR_BYTES);
	pid = fork();
	if (pid == 0) {
		(void)readv(0, vectors, NR_VECTORS);
		_exit(0);
	}
	kill_soon(pid);
}

/* What threads leave behind: their stacks. */
void sweep_memory_info(void)
{
	enum { NR_CHILDREN = 64 };
	struct bw_memory_info info;
	pid_t children[NR_CHILDREN];

	for (unsigned i = 0; i < NR_CHILDREN; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			_exit(0);
		}
	}
	for (unsigned i = 0; i < NR_CHILDREN; i++) {
		waitpid(children[i], NULL, 0);
	}
	bw_memory_info(&info);
}

void sweep_option(void)
{
	static struct bw_option option;

	for (unsigned i = 0; bw_option(i, &option) == 0; i++) {}
}

void sweep_archive_entry(void)
{
	static struct bw_archive_entry entry;

	for (unsigned i = 0; bw_archive_entry(i, &entry) == 0; i++) {}
}

void sweep_symbol(void)
{
	static struct bw_symbol symbol;

	for (unsigned i = 0; bw_call_symbol(i, (long)&symbol) == 0; i += 64) {}
}

void sweep_ptdump(void)
{
	struct bw_range *ranges = (void *)memory_touched(NR_RANGES * sizeof(*ranges), MAP_PRIVATE);
	char *memory = memory_touched(large_bytes / 2, MAP_PRIVATE);

	for (size_t i = 0; i < 4096; i += 2) {
		mprotect(memory + i * BW_PAGE_SIZE, BW_PAGE_SIZE, PROT_READ);
	}
	for (long root = BW_ROOT_KERNEL; root <= BW_ROOT_SHADOW; root++) {
		uint64_t at = 0;
		long nr;

		while ((nr = bw_call_ptdump(0, root, (long)at, (long)ranges, NR_RANGES)) > 0 &&
		       ranges[nr - 1].end) {
			at = ranges[nr - 1].end;
		}
	}
}

void sweep_frame_map(void)
{
	char *groups = memory_touched(4 * MIB, MAP_PRIVATE);
	long sizes[] = { 1, 64, 4096, 1l << 20, 1l << 30 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		(void)bw_call_frame_map(0, sizes[i], (long)groups, 1024);
		(void)bw_call_frame_map(0, sizes[i], (long)groups, 65536);
	}
}

void sweep_canvas_fill(void)
{
	static struct bw_rectangle rectangles[BW_RECTANGLES_MAX];

	for (unsigned i = 0; i < BW_RECTANGLES_MAX; i++) {
		rectangles[i] = (struct bw_rectangle){ 0, 0, UINT16_MAX, UINT16_MAX, i };
	}
	(void)bw_call_canvas_fill((long)rectangles, BW_RECTANGLES_MAX);
	for (unsigned i = 0; i < BW_RECTANGLES_MAX; i++) {
		rectangles[i] = (struct bw_rectangle){ 0, 0, 10, 10, i };
	}
	(void)bw_call_canvas_fill((long)rectangles, BW_RECTANGLES_MAX);
}

void sweep_policy_load(void)
{
	static struct bw_policy_error error;

	(void)bw_call_policy_load((long)"etc/policy", (long)&error);
	(void)bw_call_policy_load((long)"etc/policy-strict", (long)&error);
	(void)bw_call_policy_load((long)"bin/sh", (long)&error);
	(void)bw_call_policy_load((long)"etc/policy", (long)&error);
}

void sweep_policy_rule(void)
{
	static struct bw_policy_rule rule;

	for (unsigned i = 0; bw_call_policy_rule(i, (long)&rule) == 0; i++) {}
}

void sweep_explain(void)
{
	static struct bw_explanation explanation;
	char *memory = memory_touched(MIB, MAP_PRIVATE);

	(void)bw_call_explain((long)memory, 0, (long)&explanation);
	(void)bw_call_explain(-4096, 0, (long)&explanation);
	(void)bw_call_explain((long)0xffff888000100000, 1, (long)&explanation);
}
