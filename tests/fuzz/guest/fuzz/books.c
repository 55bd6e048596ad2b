/*
 * What must hold when no sequence runs.
 *
 * Leaks: what is counted may be above the least for a while, since stacks, slabs and reports are
 * kept for the next time. Of each count the least of a window of looks is remembered; a count whose
 * least grows from window to window, several times in a row, never comes back.
 */
#define _GNU_SOURCE
#include "books.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kernel/fuzz_abi.h"
#include "child.h"
#include "cpus.h"
#include "memory.h"

enum { WINDOWS = BOOKS_WINDOWS, OWN_COUNTS = 4, NR_COUNTS = OWN_COUNTS + FUZZ_CACHES_MAX };
enum { COUNT_USER, COUNT_PTABLE, COUNT_KERNEL, COUNT_UNOWNED };

struct count {
	uint64_t least;           /* of the window that is under way */
	uint64_t leasts[WINDOWS]; /* of those before, the newest first */
};

static struct count counts[NR_COUNTS];
static unsigned nr_looks;
static unsigned long window = BOOKS_WINDOW;
static uint64_t nr_processes;

void books_window(unsigned long nr) { window = nr; }

static long books_read(struct fuzz_books *books)
{
	return syscall(FUZZ_CALL, FUZZ_BOOKS, books, 0, 0);
}

unsigned long books_canary(void)
{
	static struct fuzz_books books;

	return books_read(&books) == 0 ? books.canary : 0;
}

/* Neither free nor owned, as far as the counts tell. */
static uint64_t unowned(const struct bw_memory_info *info)
{
	return info->nr_frames_usable - info->nr_free_revealed - info->nr_free_hidden -
	       info->nr_user - info->nr_ptable - info->nr_kernel;
}

static bool grows(const struct count *count)
{
	for (unsigned i = 0; i + 1 < WINDOWS; i++) {
		if (count->leasts[i] <= count->leasts[i + 1]) {
			return false;
		}
	}
	return nr_looks >= (WINDOWS + 1) * window;
}

/* False: what is counted grows and grows. */
static bool look_at(struct count *count, uint64_t value)
{
	if (nr_looks % window == 0) {
		memmove(count->leasts + 1, count->leasts, sizeof(count->leasts[0]) * (WINDOWS - 1));
		count->leasts[0] = count->least;
		count->least = UINT64_MAX;
	}
	count->least = value < count->least ? value : count->least;
	return nr_looks % window != 0 || !grows(count);
}

static bool counts_check(char *complaint, size_t size)
{
	static const char *const names[] = { "frames of programs", "page tables",
					     "frames of the kernel", "frames that nobody has" };
	static struct fuzz_books books;
	struct bw_memory_info info;
	bool has_books = books_read(&books) == 0;
	int len = 0;

	if (has_books && books.canary_changed) {
		snprintf(complaint, size, "a call wrote to kernel memory: %lu bytes",
			 books.canary_changed);
		return false;
	}
	info = memory_settled(nr_processes);
	{
		const uint64_t own[OWN_COUNTS] = { info.nr_user, info.nr_ptable, info.nr_kernel,
						   unowned(&info) };

		for (unsigned i = 0; i < NR_COUNTS; i++) {
			uint64_t value =
				i < OWN_COUNTS ? own[i] : books.caches[i - OWN_COUNTS].nr_live;
			const char *name =
				i < OWN_COUNTS ? names[i] : books.caches[i - OWN_COUNTS].name;

			if (!look_at(&counts[i], value) && (size_t)len < size) {
				len += snprintf(complaint + len, size - (size_t)len,
						"%s%s grow: %lu, %lu, %lu, %lu",
						len ? "; " : "leak: ", name, counts[i].leasts[3],
						counts[i].leasts[2], counts[i].leasts[1],
						counts[i].leasts[0]);
			}
		}
	}
	nr_looks++;
	return len == 0;
}

static int live(void *cpu) { return cpus_pin((int)(intptr_t)cpu) && getpid() > 0 ? 0 : 1; }

static bool alive_check(char *complaint, size_t size)
{
	for (int cpu = 0; cpu < cpus_count(); cpu++) {
		int status = child_run(live, (void *)(intptr_t)cpu);

		if (status != 0) {
			snprintf(complaint, size, "processor %d: a child ends with 0x%x", cpu,
				 status);
			return false;
		}
	}
	return true;
}

static bool audit_check(char *complaint, size_t size)
{
	static struct bw_audit audit;

	if (bw_audit(&audit) < 0) {
		snprintf(complaint, size, "the audit does not run");
		return false;
	}
	if (audit.nr_violations) {
		snprintf(complaint, size, "audit: %lu violations: %.150s", audit.nr_violations,
			 audit.first);
	}
	return audit.nr_violations == 0;
}

bool books_check(char *complaint, size_t size)
{
	struct bw_memory_info info;

	if (nr_looks == 0) {
		nr_processes = memory_now().nr_processes;
	}
	info = memory_settled(nr_processes);
	if (info.nr_processes > nr_processes) {
		snprintf(complaint, size, "leak: %lu processes, %lu before", info.nr_processes,
			 nr_processes);
		return false;
	}
	return alive_check(complaint, size) && audit_check(complaint, size) &&
	       counts_check(complaint, size);
}
