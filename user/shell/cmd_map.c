/* `map`: who owns physical memory, as a picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "map.h"
#include "run.h"
#include "terminal.h"

enum { JSON_CELLS = 4096, SECONDS_MAX = 3600 };

static struct map map;

static int complain(int status)
{
	fprintf(stderr, "map: %s\n", strerror(-status));
	return 1;
}

static int show_json(void)
{
	int status = map_init(&map, JSON_CELLS);

	if (status == 0) {
		status = map_read(&map);
	}
	if (status < 0) {
		return complain(status);
	}
	map_print_json(&map, stdout);
	return 0;
}

static int show_text(void)
{
	struct map_layout layout = map_layout_plain();
	int status = map_init(&map, layout.nr_columns * layout.nr_rows);

	if (status == 0) {
		status = map_read(&map);
	}
	if (status < 0) {
		return complain(status);
	}
	map_print(&map, &layout, "", stdout);
	if (map_canvas_init(&map) && map_read(&map) == 0) {
		map_canvas_draw(&map, "");
	}
	return 0;
}

static int watch_clock(const char *seconds)
{
	char *end = NULL;
	long nr = seconds != NULL ? strtol(seconds, &end, 10) : 0;

	if (seconds == NULL) {
		fprintf(stderr, "map: -w: how many seconds? (1 to %d)\n", SECONDS_MAX);
		return STATUS_USAGE;
	}
	if (end == seconds || *end != '\0' || nr < 1 || nr > SECONDS_MAX) {
		fprintf(stderr, "map: -w: `%s` is not a number of seconds (1 to %d)\n", seconds,
			SECONDS_MAX);
		return STATUS_USAGE;
	}
	return map_watch_clock((unsigned int)nr);
}

int cmd_map(int argc, char *const argv[])
{
	const char *word = argv[1];

	if (argc == 1) {
		return show_text();
	}
	if (strcmp(word, "-j") == 0 || strcmp(word, "--json") == 0) {
		return argc == 2 ? show_json() : command_usage("map");
	}
	if (strcmp(word, "-w") == 0) {
		return argc <= 3 ? watch_clock(argv[2]) : command_usage("map");
	}
	if (word[0] == '-') {
		fprintf(stderr, "map: there is no option `%s`\n", word);
		return command_usage("map");
	}
	if (strcmp(word, "map") == 0) {
		fprintf(stderr, "map: it cannot watch itself\n");
		return STATUS_USAGE;
	}
	return map_watch_command(argc - 1, argv + 1);
}
