/*
 * remap_race [ROUNDS]: moves memory while another thread touches the new place, the old one, or
 * both. A page that a fault fills in must neither be in the way nor be left behind: the audit sees
 * frames that are lost. Ends with 0; a thread that touches what is gone ends its process, and that
 * is all.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, NR_PAGES = 32768, ROUNDS = 4, PLACES = 3 };
#define LEN_BYTES ((size_t)NR_PAGES * PAGE_BYTES)

static char *from, *to;
static unsigned places; /* bit 0: the new one; bit 1: the old one */
static volatile bool is_over;

static void *touch(void *unused)
{
	unsigned seed = 1;

	while (!is_over) {
		size_t at;

		seed = seed * 1103515245 + 12345;
		at = (size_t)(seed >> 4) % NR_PAGES * PAGE_BYTES;
		if (places & 1) {
			*(volatile char *)(to + at) = 1;
		}
		if (places & 2) {
			*(volatile char *)(from + at) = 1;
		}
	}
	return unused;
}

static char *reserve(void)
{
	return mmap(NULL, LEN_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Half of it is there, more and more thinly. */
static void move_once(unsigned round)
{
	pthread_t thread;

	from = reserve();
	to = reserve();
	for (size_t i = 0; i < NR_PAGES / 2; i += round + 1) {
		from[i * PAGE_BYTES] = 1;
	}
	pthread_create(&thread, NULL, touch, NULL);
	usleep(2000);
	(void)mremap(from, LEN_BYTES, LEN_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	is_over = true;
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned nr_rounds = argc > 1 ? (unsigned)atoi(argv[1]) : ROUNDS;

	for (unsigned i = 0; i < nr_rounds * PLACES; i++) {
		places = i % PLACES + 1;
		if (fork() == 0) {
			move_once(i / PLACES);
		}
		wait(NULL);
	}
	puts("remap_race: done");
	return 0;
}
