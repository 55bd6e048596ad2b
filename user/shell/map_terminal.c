/*
 * The live map on a terminal: it keeps the upper lines, and what programs print scrolls below
 * (DECSTBM). Each line is written by itself, and the cursor put back behind it, so that it does not
 * matter who prints in between.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "colour.h"
#include "map.h"
#include "terminal.h"

enum { MAP_ROWS = 8, LINES = 1 + MAP_ROWS + BW_NR_STATES / 2, LINE_BYTES = 512, ROWS_LEFT = 3 };

static struct map_layout layout;
static char lines[LINES][LINE_BYTES]; /* as shown */
static unsigned int nr_terminal_rows;

bool map_terminal_init(struct map *map)
{
	struct winsize size;
	char text[64];
	int length;

	if (!terminal_can_edit() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
	    size.ws_row < LINES + ROWS_LEFT) {
		return false;
	}
	nr_terminal_rows = size.ws_row;
	layout = map_layout_for(terminal_width(), MAP_ROWS, colour_is_on());
	memset(lines, 0, sizeof(lines));
	length = snprintf(text, sizeof(text), "\x1b[H\x1b[2J\x1b[%d;%ur\x1b[%d;1H", LINES + 1,
			  nr_terminal_rows, LINES + 1);
	terminal_write(text, (size_t)length);
	return map_init(map, layout.nr_columns * layout.nr_rows) == 0;
}

static void show_line(unsigned int row, const char *text, size_t length)
{
	char line[LINE_BYTES + 32];
	int nr_bytes;

	if (length >= LINE_BYTES || strncmp(lines[row], text, LINE_BYTES) == 0) {
		return;
	}
	strcpy(lines[row], text);
	nr_bytes = snprintf(line, sizeof(line),
			    "\x1b"
			    "7\x1b[%u;1H%s\x1b[K\x1b"
			    "8",
			    row + 1, text);
	terminal_write(line, (size_t)nr_bytes);
}

void map_terminal_draw(const struct map *map, const char *title)
{
	static char text[LINES * LINE_BYTES];
	FILE *out = fmemopen(text, sizeof(text), "w");
	char *line = text, *end;

	if (out == NULL) {
		return;
	}
	map_print(map, &layout, title, out);
	fclose(out);
	for (unsigned int row = 0; row < LINES; row++) {
		end = strchrnul(line, '\n');
		bool is_last = *end == '\0';

		*end = '\0';
		show_line(row, line, (size_t)(end - line));
		line = is_last ? end : end + 1;
	}
}

void map_terminal_end(void)
{
	char text[64];
	int length = snprintf(text, sizeof(text),
			      "\x1b"
			      "7\x1b[r\x1b"
			      "8");

	terminal_write(text, (size_t)length);
}
