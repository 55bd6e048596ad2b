/*
 * The map as a picture beside the console: a small square for each cell, addresses on the left, the
 * legend below. Only what changed is drawn.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "canvas.h"
#include "map.h"

enum {
	MARGIN = 16,
	LINE = 20,          /* from one line of text to the next, pixels */
	HEAD_LINES = 3,     /* above the squares */
	LABEL_GLYPHS = 9,   /* "1024 MiB " */
	LEGEND_GLYPHS = 37, /* a column of it */
	SQUARE_MIN = 4,     /* the gap behind it included */
	SQUARE_MAX = 16,
	COLUMNS_MIN = 16,
	COLUMNS_MAX = 256,
	NOT_DRAWN = 0xff,
	TEXT = 0xd8dee9,
	TEXT_DIM = 0x7b8494,
	GROUND = 0x000000,
};

static struct bw_canvas canvas;
static uint32_t squares_x, squares_y, square; /* pixels */
static size_t nr_columns;
static uint8_t drawn[MAP_CELLS_MAX]; /* what each square shows */
static struct bw_rectangle pending[BW_RECTANGLES_MAX];
static size_t nr_pending;
static char options[80]; /* that decide what the picture shows */

static void flush_rectangles(void)
{
	size_t done = 0;

	while (done < nr_pending) {
		long nr = bw_canvas_fill(pending + done, nr_pending - done);

		if (nr <= 0) {
			break;
		}
		done += (size_t)nr;
	}
	nr_pending = 0;
}

static void fill(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t colour)
{
	if (nr_pending == BW_RECTANGLES_MAX) {
		flush_rectangles();
	}
	pending[nr_pending++] = (struct bw_rectangle){ (uint16_t)x, (uint16_t)y, (uint16_t)width,
						       (uint16_t)height, colour };
}

/* Padded with blanks or cut to nr_glyphs, so that nothing of a longer text before stays. */
static __attribute__((format(printf, 5, 6))) void text(uint32_t x, uint32_t y, size_t nr_glyphs,
						       uint32_t colour, const char *format, ...)
{
	char line[BW_CANVAS_TEXT_MAX + 1];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (nr_glyphs >= sizeof(line)) {
		nr_glyphs = sizeof(line) - 1;
	}
	if (length >= 0 && (size_t)length < nr_glyphs) {
		memset(line + length, ' ', nr_glyphs - (size_t)length);
	}
	bw_canvas_text(x, y, line, nr_glyphs, colour, GROUND);
}

static size_t nr_legend_columns(void)
{
	return canvas.width >= 2 * LEGEND_GLYPHS * canvas.glyph_width + MARGIN ? 2 : 1;
}

static uint32_t legend_height(void)
{
	return (uint32_t)(BW_NR_STATES / nr_legend_columns()) * LINE;
}

/* How many squares fit, so many to a line; how large they are then. */
static size_t capacity(size_t columns, uint32_t *size)
{
	uint32_t head = MARGIN + HEAD_LINES * LINE, foot = legend_height() + 3 * MARGIN;
	uint32_t side = LABEL_GLYPHS * canvas.glyph_width + 2 * MARGIN;

	if (canvas.width <= side || canvas.height <= head + foot) {
		return 0;
	}
	*size = (canvas.width - side) / (uint32_t)columns;
	*size = *size < SQUARE_MAX ? *size : SQUARE_MAX;
	return *size < SQUARE_MIN ? 0 : columns * ((canvas.height - head - foot) / *size);
}

/* The largest squares that show so many cells; powers of two, so that lines begin at round
 * addresses. */
static bool choose_columns(size_t nr_cells)
{
	for (nr_columns = COLUMNS_MIN; nr_columns <= COLUMNS_MAX; nr_columns *= 2) {
		if (capacity(nr_columns, &square) >= nr_cells) {
			return true;
		}
	}
	return false;
}

static size_t best_capacity(void)
{
	size_t best = 0;

	for (size_t columns = COLUMNS_MIN; columns <= COLUMNS_MAX; columns *= 2) {
		size_t nr = capacity(columns, &square);

		best = nr > best ? nr : best;
	}
	return best;
}

static void clear(void)
{
	uint32_t nr_lines = BW_CANVAS_PIXELS_MAX / canvas.width;

	for (uint32_t y = 0; y < canvas.height; y += nr_lines) {
		fill(0, y, canvas.width, nr_lines, GROUND);
	}
	flush_rectangles();
	memset(drawn, NOT_DRAWN, sizeof(drawn));
}

static void draw_labels(const struct map *map)
{
	size_t nr_lines = (map->nr_cells + nr_columns - 1) / nr_columns;
	size_t step = 1;

	while (step * square < 2 * canvas.glyph_height) {
		step *= 2;
	}
	for (size_t i = 0; i < nr_lines; i += step) {
		text(MARGIN,
		     squares_y + (uint32_t)i * square + square / 2 - canvas.glyph_height / 2,
		     LABEL_GLYPHS - 1, TEXT_DIM, "%4zu MiB",
		     i * nr_columns * map->frames_per_cell * MAP_KIB_PER_FRAME / 1024);
	}
}

/* Which of the defences of memory are in force. */
static void read_options(void)
{
	static const char *const names[] = { "xpfo", "kaiser", "pmalloc" };
	char value[BW_NAME_MAX];
	size_t length = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bw_option_get(names[i], value, sizeof(value)) == 0 &&
		    length < sizeof(options)) {
			length += (size_t)snprintf(options + length, sizeof(options) - length,
						   "%s=%s  ", names[i], value);
		}
	}
}

bool map_canvas_init(struct map *map)
{
	size_t nr_cells;

	if (bw_canvas(&canvas) < 0 || canvas.width == 0 || (nr_cells = best_capacity()) == 0 ||
	    map_init(map, nr_cells) < 0 || !choose_columns(map->nr_cells)) {
		return false;
	}
	squares_x = MARGIN + LABEL_GLYPHS * canvas.glyph_width;
	squares_y = MARGIN + HEAD_LINES * LINE;
	read_options();
	clear();
	draw_labels(map);
	return true;
}

static void draw_squares(const struct map *map)
{
	for (size_t i = 0; i < map->nr_cells; i++) {
		if (drawn[i] != map->cells[i]) {
			drawn[i] = map->cells[i];
			fill(squares_x + (uint32_t)(i % nr_columns) * square,
			     squares_y + (uint32_t)(i / nr_columns) * square, square - 1,
			     square - 1, map_states[drawn[i]].rgb);
		}
	}
}

static void draw_legend(const struct map *map)
{
	size_t nr_lines = BW_NR_STATES / nr_legend_columns();
	size_t nr_rows = (map->nr_cells + nr_columns - 1) / nr_columns;
	uint32_t top = squares_y + (uint32_t)nr_rows * square + 2 * MARGIN;

	for (size_t i = 0; i < BW_NR_STATES; i++) {
		uint32_t y = top + (uint32_t)(i % nr_lines) * LINE;
		uint32_t x = MARGIN + (uint32_t)(i / nr_lines) * LEGEND_GLYPHS * canvas.glyph_width;
		uint32_t side = canvas.glyph_height - 4;

		fill(x, y + 2, side, side, map_states[i].rgb);
		text(x + 2 * canvas.glyph_width + 4, y, LEGEND_GLYPHS - 4,
		     map->nr_of[i] > 0 ? TEXT : TEXT_DIM, "%-25.25s%8" PRIu64, map_states[i].name,
		     map->nr_of[i]);
	}
}

void map_canvas_draw(const struct map *map, const char *title)
{
	size_t nr_glyphs = (canvas.width - 2 * MARGIN) / canvas.glyph_width;

	text(MARGIN, MARGIN, nr_glyphs, 0xffffff, "Physical memory%s%s", title[0] ? " " : "",
	     title);
	text(MARGIN, MARGIN + LINE, nr_glyphs, TEXT_DIM, "%sa square for %" PRIu64 " KiB", options,
	     map->frames_per_cell * MAP_KIB_PER_FRAME);
	draw_squares(map);
	draw_legend(map);
	flush_rectangles();
}
