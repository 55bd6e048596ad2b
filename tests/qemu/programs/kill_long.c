/*
 * SIGKILL in the middle of long calls: the process is gone, its call was not finished, and every
 * frame is back. Run as root, on two processors; the arguments are how often each is killed, and
 * how many MiB a long call works on. Writes TAP.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bulwark.h"
#include "memory.h"
#include "tap.h"

enum { NR_VECTORS = 1024, VECTOR_BYTES = 64 << 10, SLACK_FRAMES = 32 };
static int nr_kills = 6;
#define MIB (1ul << 20)
static size_t large_bytes = 192 * MIB;

/* Shared with the one that makes the call. */
struct progress {
	volatile int begun, done;
};
static struct progress *progress;
static char *memory;

static void nap(long us)
{
	const struct timespec time = { .tv_nsec = us * 1000 };

	nanosleep(&time, NULL);
}

static void touch(int flags)
{
	memory = mmap(NULL, large_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
	for (size_t i = 0; memory != MAP_FAILED && i < large_bytes; i += BW_PAGE_SIZE) {
		memory[i] = 1;
	}
}

static void begin(void) { progress->begun = 1; }

static void call_munmap(void)
{
	touch(MAP_PRIVATE);
	begin();
	munmap(memory, large_bytes);
}

static void call_mprotect(void)
{
	touch(MAP_PRIVATE);
	begin();
	for (int i = 0; i < 64; i++) {
		mprotect(memory, large_bytes, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE);
	}
}

static void call_madvise(void)
{
	touch(MAP_PRIVATE);
	begin();
	madvise(memory, large_bytes, MADV_DONTNEED);
}

static void call_fork(void)
{
	touch(MAP_PRIVATE);
	begin();
	for (int i = 0; i < 16; i++) {
		if (fork() == 0) {
			_exit(0);
		}
		wait(NULL);
	}
}

static void call_fork_shared(void)
{
	memory = mmap(NULL, large_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
	begin();
	if (fork() == 0) {
		_exit(0);
	}
}

static void call_mmap(void)
{
	touch(MAP_PRIVATE);
	begin();
	mmap(memory, large_bytes, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, -1, 0);
}

static void call_execve(void)
{
	touch(MAP_PRIVATE);
	begin();
	/* what the old program leaves is the long part */
	execl("bin/sh", "sh", "-c", "true", NULL);
}

static void call_getrandom(void)
{
	begin();
	for (int i = 0; i < 64; i++) {
		memory =
			mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
		(void)syscall(SYS_getrandom, memory, MIB, 0);
	}
}

static void call_writev(void)
{
	static struct iovec vectors[NR_VECTORS];

	memory = mmap(NULL, VECTOR_BYTES, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1,
		      0);
	memset(memory, '#', VECTOR_BYTES);
	for (unsigned i = 0; i < NR_VECTORS; i++) {
		vectors[i] = (struct iovec){ memory, VECTOR_BYTES };
	}
	begin();
	(void)writev(1, vectors, NR_VECTORS);
}

/* True: it was killed before the call was done. */
static bool kill_in(void (*call)(void), long delay_us)
{
	pid_t pid;
	int status;

	progress->begun = progress->done = 0;
	pid = fork();
	if (pid == 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(1, &set);
		sched_setaffinity(0, sizeof(set), &set);
		call();
		progress->done = 1;
		_exit(0);
	}
	while (!progress->begun) {
		nap(200);
	}
	nap(delay_us);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !progress->done;
}

static void kill_often(const char *name, void (*call)(void))
{
	struct bw_memory_info before, after;
	int nr_caught = 0;

	kill_in(call, 0); /* what the kernel keeps for later it has then */
	before = memory_now();
	for (int i = 0; i < nr_kills; i++) {
		nr_caught += kill_in(call, i * 700l);
	}
	tap_ok(nr_caught > 0, "%s was killed before it was done (%d of %d times)", name, nr_caught,
	       nr_kills);
	after = memory_settled(before.nr_processes);
	tap_ok(after.nr_user <= before.nr_user + SLACK_FRAMES &&
		       after.nr_ptable <= before.nr_ptable + SLACK_FRAMES &&
		       after.nr_kernel <= before.nr_kernel + SLACK_FRAMES,
	       "%s: every frame is back (user %ld, tables %ld, kernel %ld)", name,
	       (long)(after.nr_user - before.nr_user), (long)(after.nr_ptable - before.nr_ptable),
	       (long)(after.nr_kernel - before.nr_kernel));
}

int main(int argc, char **argv)
{
	nr_kills = argc > 1 ? atoi(argv[1]) : nr_kills;
	large_bytes = argc > 2 ? strtoul(argv[2], NULL, 0) * MIB : large_bytes;
	progress =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
	kill_often("munmap", call_munmap);
	kill_often("mprotect", call_mprotect);
	kill_often("madvise", call_madvise);
	kill_often("mmap over pages", call_mmap);
	kill_often("fork", call_fork);
	kill_often("fork with shared memory", call_fork_shared);
	kill_often("execve", call_execve);
	kill_often("getrandom", call_getrandom);
	kill_often("writev", call_writev);
	return tap_done();
}
