/* What tools/fuzz wrote into the program. */
#include "input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bulwark.h"

enum { INPUT_MAX = 1 << 19 };

/* tools/fuzz finds the first word in the file, and puts the input in its place. */
static char input[INPUT_MAX] __attribute__((aligned(BW_PAGE_SIZE))) = "@fuzz-input@";

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

unsigned long input_number(const char *name, unsigned long or_else)
{
	size_t len = strlen(name);

	for (const char *line = input; line && *line; line = next_line(line)) {
		if (!strncmp(line, name, len) && line[len] == ' ') {
			return strtoul(line + len, NULL, 0);
		}
	}
	return or_else;
}

static bool is_sequence(const char *line) { return line[strspn(line, "rpw")] == '/'; }

unsigned input_sequences(struct sequence *sequences, unsigned nr_max)
{
	unsigned nr = 0;

	for (const char *line = input; line && *line && nr < nr_max; line = next_line(line)) {
		if (!is_sequence(line)) {
			continue;
		}
		if (sequence_parse(line, &sequences[nr])) {
			nr++;
		} else {
			printf("fuzz: not a sequence: %.100s\n", line);
		}
	}
	return nr;
}

void input_end(void) { munmap(input, sizeof(input)); }
