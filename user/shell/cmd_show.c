/* The commands that show the machine: options, counters, memory, audit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/version.h"
#include "bulwark.h"
#include "command.h"
#include "json.h"
#include "run.h"

#define COUNTER(name, help) { #name, help },
static const struct {
	const char *name;
	const char *help;
} counters[] = {
#include "abi/counters.def"
};
#undef COUNTER

enum { NR_COUNTERS = sizeof(counters) / sizeof(counters[0]) };

static bool is_json_flag(const char *word)
{
	return word != NULL && (strcmp(word, "-j") == 0 || strcmp(word, "--json") == 0);
}

/* A number with its name: a line of a table, or a member of an object. */
static void print_number(bool json, bool is_first, const char *name, uint64_t number,
			 const char *help)
{
	if (json) {
		printf("%s\"%s\": %" PRIu64, is_first ? "{" : ", ", name, number);
	} else {
		printf("%-22s %14" PRIu64 "  %s\n", name, number, help);
	}
}

static int complain(const char *name, long status)
{
	fprintf(stderr, "%s: %s\n", name, strerror((int)-status));
	return 1;
}

int cmd_options(int argc, char *const argv[])
{
	bool json = is_json_flag(argv[1]);
	struct bw_option option;

	if (argc > 1 + json) {
		return command_usage("options");
	}
	if (json) {
		fputs("{\"version\": ", stdout);
		json_string(stdout, BULWARK_VERSION);
	}
	for (unsigned int i = 0; bw_option(i, &option) >= 0; i++) {
		if (json) {
			fputs(", ", stdout);
			json_string(stdout, option.name);
			fputs(": ", stdout);
			json_string(stdout, option.value);
		} else {
			printf("%-10s %-10s %s\n%21s (%s)\n", option.name, option.value,
			       option.help, "", option.values);
		}
	}
	if (json) {
		puts("}");
	}
	return 0;
}

int cmd_stats(int argc, char *const argv[])
{
	bool json = is_json_flag(argv[1]);
	const char *cpu = argv[1 + json];
	uint64_t values[NR_COUNTERS] = { 0 };
	long status;

	if (argc > 2 + json || (cpu != NULL && (cpu[0] < '0' || cpu[0] > '9'))) {
		return command_usage("stats");
	}
	status = bw_counters(cpu == NULL ? -1 : strtol(cpu, NULL, 10), values, sizeof(values));
	if (status < 0) {
		return complain("stats", status);
	}
	for (size_t i = 0; i < NR_COUNTERS; i++) {
		print_number(json, i == 0, counters[i].name, values[i], counters[i].help);
	}
	if (json) {
		puts("}");
	}
	return 0;
}

int cmd_mem(int argc, char *const argv[])
{
	bool json = is_json_flag(argv[1]);
	struct bw_memory_info info;
	long status = bw_memory_info(&info);

	if (argc > 1 + json) {
		return command_usage("mem");
	}
	if (status < 0) {
		return complain("mem", status);
	}
	print_number(json, true, "usable", info.nr_frames_usable,
		     "frames of 4 KiB under the allocator's control");
	print_number(json, false, "free_revealed", info.nr_free_revealed,
		     "free, in the direct map");
	print_number(json, false, "free_hidden", info.nr_free_hidden,
		     "free, not in the direct map");
	print_number(json, false, "user", info.nr_user, "owned by user space");
	print_number(json, false, "kernel", info.nr_kernel, "owned by the kernel");
	print_number(json, false, "ptable", info.nr_ptable, "page tables");
	print_number(json, false, "pfn_end", info.nr_pfn, "one past the highest frame number");
	print_number(json, false, "processes", info.nr_processes, "processes");
	print_number(json, false, "direct_whole", info.nr_direct_whole,
		     "2 MiB pages of the direct map");
	print_number(json, false, "direct_split", info.nr_direct_split,
		     "split: 4 KiB pages, some hidden");
	if (json) {
		puts("}");
	}
	return 0;
}

int cmd_audit(int argc, char *const argv[])
{
	bool json = is_json_flag(argv[1]);
	struct bw_audit audit;
	long status = bw_audit(&audit);

	if (argc > 1 + json) {
		return command_usage("audit");
	}
	if (status < 0) {
		return complain("audit", status);
	}
	print_number(json, true, "tables", audit.nr_tables, "page tables walked");
	print_number(json, false, "mappings", audit.nr_mappings,
		     "mappings seen, in units of 4 KiB");
	print_number(json, false, "frames", audit.nr_frames, "frames checked");
	print_number(json, false, "sealed", audit.nr_sealed, "of them sealed");
	print_number(json, false, "violations", audit.nr_violations,
		     "of the rules of docs/memory.md");
	if (json) {
		fputs(", \"first\": ", stdout);
		json_string(stdout, audit.first);
		puts("}");
	} else if (audit.nr_violations != 0) {
		printf("the first: %s\n", audit.first);
	}
	return audit.nr_violations == 0 ? 0 : 1;
}
