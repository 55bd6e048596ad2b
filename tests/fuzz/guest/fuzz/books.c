/*
 * What must hold when no sequence runs.
 *
 * Leaks: kernel objects come back as soon as the last process is gone, so their count after the
 * first batches is the count for good; what is above it for several looks in a row has leaked.
 * Frames may be above for long, since stacks, slabs and reports are kept for the next time: of them
 * the least of a window of looks is remembered, and a least that grows from window to window,
 * several times in a row, never comes back.
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

enum { WINDOWS = BOOKS_WINDOWS, NR_COUNTS = 4, LOOKS_MAX = 16 };

struct count {
	uint64_t least;           /* of the window that is under way */
	uint64_t leasts[WINDOWS]; /* of those before, the newest first */
};

static struct count counts[NR_COUNTS];
static struct objects {
	uint64_t first;           /* the least of the first looks */
	uint64_t last[LOOKS_MAX]; /* of the last looks, a ring */
} objects[FUZZ_CACHES_MAX];
static unsigned nr_clean; /* looks until the last one that found no object too many */
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

/* False: each of the last looks found more than there were at first. */
static bool objects_hold(struct objects *of, uint64_t value)
{
	unsigned nr = window < LOOKS_MAX ? (unsigned)window : LOOKS_MAX;
	uint64_t least = UINT64_MAX;

	if (nr_looks < nr) {
		of->first = nr_looks == 0 || value < of->first ? value : of->first;
	}
	of->last[nr_looks % nr] = value;
	for (unsigned i = 0; i < nr && i <= nr_looks; i++) {
		least = of->last[i] < least ? of->last[i] : least;
	}
	return nr_looks < nr || least <= of->first;
}

static bool objects_check(const struct fuzz_books *books, char *complaint, size_t size)
{
	bool is_clean = true;

	for (unsigned i = 0; i < FUZZ_CACHES_MAX; i++) {
		uint64_t value = books->caches[i].nr_live;

		if (!books->caches[i].name[0]) {
			break;
		}
		if (!objects_hold(&objects[i], value)) {
			snprintf(complaint, size, "leak: objects of %s: %lu, at first %lu",
				 books->caches[i].name, value, objects[i].first);
			return false;
		}
		is_clean &= value <= objects[i].first;
	}
	nr_clean = is_clean ? nr_looks : nr_clean;
	return true;
}

static bool frames_check(const struct bw_memory_info *info, char *complaint, size_t size)
{
	static const char *const names[NR_COUNTS] = { "frames of programs", "page tables",
						      "frames of the kernel",
						      "frames that nobody has" };
	const uint64_t own[NR_COUNTS] = { info->nr_user, info->nr_ptable, info->nr_kernel,
					  unowned(info) };
	bool is_sound = true;

	for (unsigned i = 0; i < NR_COUNTS; i++) {
		if (!look_at(&counts[i], own[i])) {
			snprintf(complaint, size, "leak: %s grow: %lu, %lu, %lu, %lu", names[i],
				 counts[i].leasts[3], counts[i].leasts[2], counts[i].leasts[1],
				 counts[i].leasts[0]);
			is_sound = false;
		}
	}
	return is_sound;
}

static bool counts_check(const struct bw_memory_info *info, char *complaint, size_t size)
{
	static struct fuzz_books books;
	bool is_sound;

	if (books_read(&books) != 0) {
		snprintf(complaint, size, "the kernel keeps no books");
		return false;
	}
	if (books.canary_changed) {
		snprintf(complaint, size, "a call wrote to kernel memory: %lu bytes",
			 books.canary_changed);
		return false;
	}
	is_sound = frames_check(info, complaint, size) && objects_check(&books, complaint, size);
	nr_looks++;
	return is_sound;
}

unsigned books_nr_unclean(void) { return nr_looks - nr_clean; }

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
	       counts_check(&info, complaint, size);
}
