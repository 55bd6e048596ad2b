/* What the processes share. */
#define _GNU_SOURCE
#include "board.h"

#include <limits.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct board *board;

/* Linux's operations. */
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 };
enum { PULSED_US = 200 };
#define NS_PER_S 1000000000ul
#define NS_PER_MS 1000000ul

void who_tell(struct who *who, uint64_t fill)
{
	uint64_t *page =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (unsigned i = 0; i < PAGE / sizeof(*page); i++) {
		page[i] = fill;
	}
	who->page = (uint64_t)page;
	who->pid = (uint32_t)getpid();
	bw_pagemap(page, &who->page_pfn);
	bw_vuln_leak(&who->leak);
	bw_vuln_sealed(&who->sealed);
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t now_ms(void) { return now_ns() / NS_PER_MS; }

struct vigil vigil_begin(uint64_t milliseconds)
{
	return (struct vigil){ board->bell, now_ns() + milliseconds * NS_PER_MS };
}

bool vigil_go_on(struct vigil *vigil)
{
	uint64_t now = now_ns();
	struct timespec left = { (time_t)((vigil->end_ns - now) / NS_PER_S),
				 (long)((vigil->end_ns - now) % NS_PER_S) };

	if (now >= vigil->end_ns) {
		return false;
	}
	if (board->store.is_pulsed) {
		usleep(PULSED_US);
	} else {
		syscall(SYS_futex, &board->bell, FUTEX_WAIT, vigil->heard, &left, NULL, 0);
	}
	vigil->heard = board->bell;
	return true;
}

void board_ring(void)
{
	__atomic_fetch_add(&board->bell, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &board->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void flag_await(const volatile bool *flag, uint64_t milliseconds)
{
	struct vigil vigil = vigil_begin(milliseconds);

	while (!*flag && vigil_go_on(&vigil)) {}
}

void stage_set(enum stage stage)
{
	board->stage = stage;
	board_ring();
}

void stage_await(enum stage stage, uint64_t milliseconds)
{
	struct vigil vigil = vigil_begin(milliseconds);

	while (board->stage < stage && vigil_go_on(&vigil)) {}
}

bool pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}
