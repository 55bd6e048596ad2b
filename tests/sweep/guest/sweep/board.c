/* What the processes share. */
#define _GNU_SOURCE
#include "board.h"

#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct board *board;

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

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool stage_await(uint32_t stage, unsigned milliseconds)
{
	uint64_t end = now_ms() + milliseconds;

	while (board->stage < stage) {
		if (now_ms() > end) {
			return false;
		}
		sched_yield();
	}
	return true;
}

bool pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}
