/* What Linux's calls answer here: all of it, or of the parts that are named. */
#include "say.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	void (*part)(void);
} parts[] = {
	{ "io", say_io },           { "mmap", say_mmap },
	{ "protect", say_protect }, { "advice", say_advice },
	{ "remap", say_remap },     { "signals", say_signals },
	{ "masks", say_masks },     { "time", say_time },
	{ "alarms", say_alarms },   { "processes", say_processes },
	{ "clone", say_clone },     { "exec", say_exec },
	{ "groups", say_groups },   { "usage", say_usage },
	{ "futex", say_futex },     { "waiters", say_waiters },
	{ "sched", say_sched },     { "misc", say_misc },
	{ "absent", say_absent },
};

int main(int argc, char **argv)
{
	if (argc == 0 || argv[0][0] == '\0') {
		return 5;
	}
	if (argc > 1 && strcmp(argv[1], NOTHING) == 0) {
		return 0;
	}
	setvbuf(stdout, NULL, _IOFBF, 4096);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (argc < 2 || strcmp(argv[1], parts[i].name) == 0) {
			parts[i].part();
		}
	}
	fflush(stdout);
	printf("answers: all: told\n");
	return 0;
}
