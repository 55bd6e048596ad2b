/*
 * Copy-on-write under threads: at no time does one address show two frames. One thread has the page
 * copied, a second one writes to the copy as soon as it can and says so; a third, whose processor
 * remembers the old frame, must not find that said and the old byte. It takes luck to find the
 * wrong order of steps here; the simulated machine looks at every order
 * (tests/host/tlb_exhaustive.c).
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bulwark.h"
#include "cpus.h"
#include "tap.h"

enum { COPY_CYCLES = 120000 /* more than a copy takes */, MOMENT_CYCLES = 500000, NR_MOMENTS = 13 };
enum { NR_PAGES = 64, NR_THREADS = 3, WORD_OF_COPIER = 0, WORD_OF_WRITER = 1 };

/* Each is alone in its cache line, as the threads meet nowhere else. */
struct shared {
	_Alignas(64) volatile unsigned int page;    /* that the threads are at */
	_Alignas(64) volatile unsigned int written; /* 1 + the page that the second one wrote to */
	_Alignas(64) volatile unsigned int seen; /* 1 + the page that the third one is done with */
};

static struct shared shared;
static volatile unsigned long (*pages)[BW_PAGE_SIZE / sizeof(long)];
static unsigned int nr_stale;

static void wait_cycles(uint64_t cycles)
{
	uint64_t end = __rdtsc() + cycles;

	while (__rdtsc() < end) {}
}

/*
 * The threads meet at no moment that is always the same: where there are fewer processors than
 * threads below the emulator, the third one should rest in the middle of its row of looks.
 */
static void wait_a_while(unsigned int at) { wait_cycles(MOMENT_CYCLES * (1 + at % NR_MOMENTS)); }

static void *write_to_copy(void *unused)
{
	cpus_pin(1);
	for (unsigned int at = 0; at < NR_PAGES; at++) {
		while (shared.page <= at) {}
		wait_cycles(COPY_CYCLES);
		pages[at][WORD_OF_WRITER] = 1;
		shared.written = at + 1;
	}
	return unused;
}

/*
 * Looks many times in a row without a branch: an interrupt, which would have this processor forget
 * the old frame, is taken between such rows where the processor is emulated. True: the second
 * thread has written.
 */
static bool look_often(unsigned int at)
{
	unsigned int stale = 0, was_written;

#pragma GCC unroll 32
	for (int i = 0; i < 32; i++) {
		was_written = shared.written > at;
		stale |= was_written & (pages[at][WORD_OF_WRITER] == 0);
	}
	nr_stale += stale;
	return was_written;
}

static void *look(void *unused)
{
	cpus_pin(2);
	for (unsigned int at = 0; at < NR_PAGES; at++) {
		while (!look_often(at)) {}
		shared.seen = at + 1;
	}
	return unused;
}

static void copy_all(void)
{
	for (unsigned int at = 0; at < NR_PAGES; at++) {
		wait_a_while(at);
		shared.page = at + 1;
		pages[at][WORD_OF_COPIER] = 1;
		while (shared.seen <= at) {}
	}
}

/* A child that does nothing keeps the pages shared. */
static void run(void)
{
	pthread_t writer, reader;
	pid_t child;

	for (unsigned int at = 0; at < NR_PAGES; at++) {
		pages[at][WORD_OF_WRITER] = 0;
	}
	child = fork();
	if (child == 0) {
		while (getppid() > 1) {
			usleep(1000);
		}
		_exit(0);
	}
	pthread_create(&writer, NULL, write_to_copy, NULL);
	pthread_create(&reader, NULL, look, NULL);
	copy_all();
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(void)
{
	if (cpus_count() < NR_THREADS) {
		tap_skip("one frame at an address", "three processors are needed");
		return tap_done();
	}
	pages = mmap(NULL, NR_PAGES * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cpus_pin(0);
	run();
	tap_is(nr_stale, 0,
	       "%d pages are copied under three threads: who sees that a byte was "
	       "written sees the byte",
	       NR_PAGES);
	return tap_done();
}
