/* Calls on memory. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep.h"

enum { NR_REGIONS = 20000 };
#define GIB (1024 * MIB)

/* As many regions as there may be, each of a page that was touched. */
static char *regions_make(void)
{
	char *memory = mmap(NULL, (size_t)NR_REGIONS * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	for (size_t i = 0; i < NR_REGIONS; i++) {
		memory[i * BW_PAGE_SIZE] = 1;
		if (i % 2 && mprotect(memory + i * BW_PAGE_SIZE, BW_PAGE_SIZE, PROT_READ)) {
			break;
		}
	}
	return memory;
}

void sweep_mmap(void)
{
	char *memory = memory_touched(large_bytes, MAP_PRIVATE);

	mmap(memory, large_bytes, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, -1, 0);
	mmap(memory, large_bytes, PROT_READ | PROT_WRITE,
	     MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, -1, 0);
	munmap(memory, large_bytes);
	memory = mmap(NULL, large_bytes + BW_HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	memory = (char *)(((uintptr_t)memory + BW_HUGE_PAGE_SIZE - 1) & ~(BW_HUGE_PAGE_SIZE - 1ul));
	for (size_t i = 0; i < large_bytes; i += MIB) {
		memory[i] = 1;
	}
	mmap(memory, large_bytes, PROT_READ | PROT_WRITE,
	     MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED | MAP_HUGETLB, -1, 0);
	for (size_t i = 0; with_huge && i < large_bytes / 4; i += BW_HUGE_PAGE_SIZE) {
		memory[i] = 1;
	}
	regions_make();
	mmap(NULL, MIB, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
}

void sweep_munmap(void)
{
	char *memory = memory_touched(large_bytes, MAP_PRIVATE);

	munmap(memory, large_bytes);
	memory = memory_sparse(4096 * 2 * MIB, 2 * MIB);
	munmap(memory, 4096 * 2 * MIB);
	memory = memory_sparse(512 * GIB, GIB);
	munmap(memory, 512 * GIB);
	memory = mmap(NULL, 1ul << 46, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1,
		      0);
	munmap(memory, 1ul << 46);
	if (with_huge) {
		memory = memory_touched(64 * MIB, MAP_PRIVATE | MAP_HUGETLB);
		munmap(memory, 64 * MIB);
	}
	memory = regions_make();
	munmap(memory, (size_t)NR_REGIONS * BW_PAGE_SIZE);
}

void sweep_mprotect(void)
{
	char *memory = memory_touched(large_bytes, MAP_PRIVATE);

	mprotect(memory, large_bytes, PROT_READ);
	mprotect(memory, large_bytes, PROT_READ | PROT_WRITE);
	mprotect(memory, large_bytes, PROT_NONE);
	mprotect(memory, large_bytes / 2, PROT_READ | PROT_EXEC);
	munmap(memory, large_bytes);
	memory = regions_make();
	mprotect(memory, (size_t)NR_REGIONS * BW_PAGE_SIZE, PROT_NONE);
	mprotect(memory, (size_t)NR_REGIONS * BW_PAGE_SIZE, PROT_READ);
}

void sweep_madvise(void)
{
	char *memory = memory_touched(large_bytes, MAP_PRIVATE);

	madvise(memory, large_bytes, MADV_DONTNEED);
	madvise(memory, large_bytes, MADV_DONTNEED);
	madvise((void *)BW_PAGE_SIZE, 1ul << 46, MADV_DONTNEED);
	regions_make();
	madvise((void *)BW_PAGE_SIZE, 1ul << 46, MADV_DONTNEED);
	if (with_huge) {
		memory_touched(64 * MIB, MAP_PRIVATE | MAP_HUGETLB);
	}
	madvise((void *)BW_PAGE_SIZE, 1ul << 46, MADV_DONTNEED);
}

void sweep_brk(void)
{
	long start = syscall(SYS_brk, 0);

	syscall(SYS_brk, start + (long)large_bytes);
	for (size_t i = 0; i < large_bytes; i += BW_PAGE_SIZE) {
		*(volatile char *)(start + (long)i) = 1;
	}
	syscall(SYS_brk, start);
}

void sweep_mremap(void)
{
	size_t tables = 4096 * 2 * MIB;
	char *memory = memory_touched(large_bytes, MAP_PRIVATE);
	char *target = memory_touched(large_bytes, MAP_PRIVATE);

	mremap(memory, large_bytes, large_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	mremap(target, large_bytes, BW_PAGE_SIZE, 0);
	memory = memory_sparse(tables, 2 * MIB);
	target = mmap(NULL, tables, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
	mremap(memory, tables, tables, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	/* and on half-way between two tables */
	mremap(target, tables, tables, MREMAP_MAYMOVE | MREMAP_FIXED, memory + MIB);
	regions_make();
}

void sweep_msync(void)
{
	char *memory = memory_touched(large_bytes, MAP_PRIVATE);

	msync(memory, large_bytes, MS_SYNC);
	memory = regions_make();
	msync(memory, (size_t)NR_REGIONS * BW_PAGE_SIZE, MS_ASYNC);
}

void sweep_mincore(void)
{
	static unsigned char there[NR_REGIONS + 512 * MIB / BW_PAGE_SIZE];
	char *memory = memory_touched(large_bytes, MAP_PRIVATE);

	mincore(memory, large_bytes, there);
	memory = regions_make();
	mincore(memory, (size_t)NR_REGIONS * BW_PAGE_SIZE, there);
}

static void fork_and_wait(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void fork_huge(void)
{
	char *memory = memory_touched(64 * MIB, MAP_PRIVATE | MAP_HUGETLB);

	fork_and_wait();
	if (fork() == 0) {
		memory[0] = 2;
		_exit(0);
	}
	memory[0] = 3;
	munmap(memory, 64 * MIB);
}

void sweep_fork(void)
{
	char *memory = memory_touched(large_bytes, MAP_PRIVATE);

	fork_and_wait();
	/* what the fork left shared is written anew */
	for (size_t i = 0; i < large_bytes / 8; i += BW_PAGE_SIZE) {
		memory[i] = 2;
	}
	munmap(memory, large_bytes);
	memory = mmap(NULL, large_bytes / 2, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1,
		      0);
	fork_and_wait();
	munmap(memory, large_bytes / 2);
	if (with_huge) {
		fork_huge();
	}
	memory_sparse(4096 * 2 * MIB, 2 * MIB);
	fork_and_wait();
	regions_make();
	fork_and_wait();
}

void sweep_exit(void)
{
	memory_touched(large_bytes, MAP_PRIVATE);
	memory_sparse(512 * GIB, GIB);
	regions_make();
}

void sweep_getrandom(void)
{
	size_t len_bytes = large_bytes < 64 * MIB ? large_bytes : 64 * MIB;
	char *memory =
		mmap(NULL, len_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	(void)getrandom(memory, len_bytes, 0);
}

void sweep_pagemap(void)
{
	static uint64_t pfn;

	regions_make();
	(void)bw_call_pagemap((long)&pfn, (long)&pfn);
}
