/* The command that shows what the page tables of a process map, and what its shadow root lacks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulwark.h"
#include "command.h"
#include "run.h"

enum { RANGES_PER_CALL = 32 };

struct ranges {
	struct bw_range *at;
	size_t nr;
};

static bool ranges_add(struct ranges *ranges, const struct bw_range *more, size_t nr)
{
	struct bw_range *at = realloc(ranges->at, (ranges->nr + nr + 1) * sizeof(*at));

	if (at == NULL) {
		return false;
	}
	memcpy(at + ranges->nr, more, nr * sizeof(*at));
	ranges->at = at;
	ranges->nr += nr;
	return true;
}

/* All ranges of a root; the kernel tells a few at a time. False: said why. */
static bool ranges_read(pid_t pid, enum bw_root root, struct ranges *ranges)
{
	struct bw_range some[RANGES_PER_CALL];
	uint64_t start = 0;
	long nr;

	*ranges = (struct ranges){ 0 };
	do {
		nr = bw_ptdump(pid, root, start, some, RANGES_PER_CALL);
		if (nr < 0 || !ranges_add(ranges, some, (size_t)(nr > 0 ? nr : 0))) {
			fprintf(stderr, "ptdump: %s\n", strerror(nr < 0 ? (int)-nr : ENOMEM));
			return false;
		}
		if (nr > 0) {
			start = some[nr - 1].end;
		}
	} while (nr > 0 && start != 0);
	return true;
}

static void range_print(const struct bw_range *range, bool json, bool is_first)
{
	uint64_t size_kib = (range->end - range->start) / 1024;
	bool write = range->rights & BW_RANGE_WRITE, execute = range->rights & BW_RANGE_EXECUTE;
	const char *half = range->rights & BW_RANGE_USER ? "user" : "kernel";

	if (json) {
		printf("%s{\"start\": \"%#" PRIx64 "\", \"end\": \"%#" PRIx64
		       "\", \"rights\": \"r%s%s\", "
		       "\"for\": \"%s\", \"region\": \"%s\", \"owner\": \"%s\"}",
		       is_first ? "" : ",\n ", range->start, range->end, write ? "w" : "",
		       execute ? "x" : "", half, range->region, range->owner);
		return;
	}
	printf("%016" PRIx64 " %016" PRIx64 " %10" PRIu64 " KiB  r%c%c %-6s  %-14s %s\n",
	       range->start, range->end, size_kib, write ? 'w' : '-', execute ? 'x' : '-', half,
	       range->region, range->owner);
}

static void ranges_print(const struct ranges *ranges, bool json)
{
	if (json) {
		putchar('[');
	}
	for (size_t i = 0; i < ranges->nr; i++) {
		range_print(&ranges->at[i], json, i == 0);
	}
	if (json) {
		puts("]");
	}
}

/* The parts of `range` that no range of `others` covers. Ends are compared less one: 0 is the last.
 */
static bool range_subtract(struct bw_range range, const struct ranges *others, struct ranges *out)
{
	for (size_t i = 0; i < others->nr && range.start <= range.end - 1; i++) {
		const struct bw_range *other = &others->at[i];
		struct bw_range before = range;

		if (other->end - 1 < range.start || other->start > range.end - 1) {
			continue;
		}
		before.end = other->start;
		if (other->start > range.start && !ranges_add(out, &before, 1)) {
			return false;
		}
		if (other->end - 1 >= range.end - 1) {
			return true;
		}
		range.start = other->end;
	}
	return ranges_add(out, &range, 1);
}

static bool ranges_subtract(const struct ranges *all, const struct ranges *others,
			    struct ranges *out)
{
	*out = (struct ranges){ 0 };
	for (size_t i = 0; i < all->nr; i++) {
		if (!range_subtract(all->at[i], others, out)) {
			fprintf(stderr, "ptdump: %s\n", strerror(ENOMEM));
			return false;
		}
	}
	return true;
}

static int print_root(pid_t pid, enum bw_root root, bool json)
{
	struct ranges ranges;
	bool is_read = ranges_read(pid, root, &ranges);

	if (is_read) {
		ranges_print(&ranges, json);
	}
	free(ranges.at);
	return is_read ? 0 : 1;
}

static int print_difference(pid_t pid, bool json)
{
	struct ranges kernel, shadow = { 0 }, missing = { 0 };
	bool is_read = ranges_read(pid, BW_ROOT_KERNEL, &kernel) &&
		       ranges_read(pid, BW_ROOT_SHADOW, &shadow) &&
		       ranges_subtract(&kernel, &shadow, &missing);

	if (is_read) {
		ranges_print(&missing, json);
	}
	free(kernel.at);
	free(shadow.at);
	free(missing.at);
	return is_read ? 0 : 1;
}

int cmd_ptdump(int argc, char *const argv[])
{
	bool json = argc > 1 && (strcmp(argv[1], "-j") == 0 || strcmp(argv[1], "--json") == 0);
	const char *what = argv[1 + json], *number = what != NULL ? argv[2 + json] : NULL;
	char *end = NULL;
	pid_t pid = number != NULL ? (pid_t)strtol(number, &end, 10) : 0;

	if (what == NULL || argc > 3 + json || (end != NULL && (*end != '\0' || end == number))) {
		return command_usage("ptdump");
	}
	if (strcmp(what, "kernel") == 0) {
		return print_root(pid, BW_ROOT_KERNEL, json);
	}
	if (strcmp(what, "shadow") == 0) {
		return print_root(pid, BW_ROOT_SHADOW, json);
	}
	return strcmp(what, "diff") == 0 ? print_difference(pid, json) : command_usage("ptdump");
}
