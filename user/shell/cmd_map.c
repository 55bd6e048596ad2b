/* `map`: who owns physical memory, as a picture. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "map.h"
#include "terminal.h"

enum { ROWS = 16, JSON_CELLS = 4096 };

static struct map map;

static int show(bool json)
{
	struct map_layout layout = map_layout_for(terminal_width(), ROWS, terminal_has_colour());
	int status = map_init(&map, json ? JSON_CELLS : layout.nr_columns * layout.nr_rows);

	if (status == 0) {
		status = map_read(&map);
	}
	if (status < 0) {
		fprintf(stderr, "map: %s\n", strerror(-status));
		return 1;
	}
	if (json) {
		map_print_json(&map, stdout);
	} else {
		map_print(&map, &layout, stdout);
	}
	return 0;
}

int cmd_map(int argc, char *const argv[])
{
	bool json = argc == 2 && (strcmp(argv[1], "-j") == 0 || strcmp(argv[1], "--json") == 0);

	return argc == 1 || json ? show(json) : command_usage("map");
}
