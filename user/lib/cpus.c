/* Processors, through the scheduler's calls. */
#define _GNU_SOURCE
#include "cpus.h"

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int cpus_count(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

bool cpus_pin(int nth)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) != 0) {
		return false;
	}
	CPU_ZERO(&one);
	for (int id = 0; id < CPU_SETSIZE; id++) {
		if (CPU_ISSET(id, &all) && nth-- == 0) {
			CPU_SET(id, &one);
			return sched_setaffinity(0, sizeof(one), &one) == 0;
		}
	}
	return false;
}

int cpus_current(void)
{
	unsigned int id = 0;

	return syscall(SYS_getcpu, &id, NULL, NULL) == 0 ? (int)id : -1;
}

/* CPUID leaf 0x40000000: who emulates this processor. */
bool cpus_are_tcg(void)
{
	uint32_t eax = 0x40000000, name[3], ecx = 0;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(name[0]), "+c"(ecx), "=d"(name[2]));
	name[1] = ecx;
	return memcmp(name, "TCGTCGTCGTCG", sizeof(name)) == 0;
}
