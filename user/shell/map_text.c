/* The map of physical memory as text and as JSON. */
#include <inttypes.h>

#include "colour.h"
#include "json.h"
#include "map.h"
#include "terminal.h"

enum { LABEL_COLUMNS = 11, LEGEND_COLUMNS = 38, MOST_COLUMNS = 128, PLAIN_ROWS = 16 };

struct map_layout map_layout_for(size_t nr_columns, size_t nr_rows, bool colour)
{
	struct map_layout layout = { 1, nr_rows, colour };

	/* A power of two, so that each row begins at a round address. */
	while (layout.nr_columns * 2 + LABEL_COLUMNS < nr_columns &&
	       layout.nr_columns < MOST_COLUMNS) {
		layout.nr_columns *= 2;
	}
	return layout;
}

struct map_layout map_layout_plain(void)
{
	return map_layout_for(terminal_width(), PLAIN_ROWS, colour_is_on());
}

static void print_size(uint64_t kib, int width, FILE *out)
{
	if (kib % 1024 == 0) {
		fprintf(out, "%*" PRIu64 " MiB", width, kib / 1024);
	} else {
		fprintf(out, "%*" PRIu64 " KiB", width, kib);
	}
}

static void print_row(const struct map *map, size_t first, const struct map_layout *layout,
		      FILE *out)
{
	size_t end = first + layout->nr_columns;
	int shown = -1;

	print_size(first * map->frames_per_cell * MAP_KIB_PER_FRAME, 6, out);
	fputs(" ", out);
	for (size_t i = first; i < end && i < map->nr_cells; i++) {
		if (layout->colour && shown != map->cells[i]) {
			shown = map->cells[i];
			fprintf(out, "\x1b[0;%dm", map_states[shown].ansi);
		}
		fputc(map_states[map->cells[i]].letter, out);
	}
	fputs(layout->colour ? "\x1b[m\n" : "\n", out);
}

/* The columns it takes. */
static int print_state(const struct map_state *state, uint64_t nr, bool colour, FILE *out)
{
	fputs("  ", out);
	if (colour) {
		fprintf(out, "\x1b[0;%dm%c\x1b[m", state->ansi, state->letter);
	} else {
		fputc(state->letter, out);
	}
	return 3 + fprintf(out, " %8" PRIu64 "  %s", nr, state->name);
}

/* Of the states that a frame is in, two to a line. */
static void print_legend(const struct map *map, const struct map_layout *layout, FILE *out)
{
	unsigned int nr_printed = 0;
	int width = 0;

	for (size_t i = 0; i < BW_NR_STATES; i++) {
		if (map->nr_of[i] == 0) {
			continue;
		}
		if (nr_printed % 2 != 0) {
			fprintf(out, "%*s", LEGEND_COLUMNS - width, "");
		}
		width = print_state(&map_states[i], map->nr_of[i], layout->colour, out);
		if (++nr_printed % 2 == 0) {
			fputc('\n', out);
		}
	}
	if (nr_printed % 2 != 0) {
		fputc('\n', out);
	}
}

void map_print(const struct map *map, const struct map_layout *layout, const char *title, FILE *out)
{
	if (title[0] != '\0') {
		fprintf(out, "physical memory %s, a letter for ", title);
	} else {
		fprintf(out, "physical memory: %" PRIu64 " frames of 4 KiB, a letter for ",
			map->nr_frames);
	}
	print_size(map->frames_per_cell * MAP_KIB_PER_FRAME, 0, out);
	fputc('\n', out);
	for (size_t first = 0; first < map->nr_cells; first += layout->nr_columns) {
		print_row(map, first, layout, out);
	}
	print_legend(map, layout, out);
}

void map_print_json(const struct map *map, FILE *out)
{
	fprintf(out, "{\"nr_frames\": %" PRIu64 ", \"frames_per_cell\": %" PRIu64 ", \"legend\": [",
		map->nr_frames, map->frames_per_cell);
	for (size_t i = 0; i < BW_NR_STATES; i++) {
		const struct map_state *state = &map_states[i];

		fprintf(out,
			"%s\n {\"letter\": \"%c\", \"state\": \"%s\", \"name\": ", i > 0 ? "," : "",
			state->letter, state->state_name);
		json_string(out, state->name);
		fprintf(out, ", \"colour\": \"#%06" PRIx32 "\", \"frames\": %" PRIu64 "}",
			state->rgb, map->nr_of[i]);
	}
	fputs("],\n \"cells\": \"", out);
	for (size_t i = 0; i < map->nr_cells; i++) {
		fputc(map_states[map->cells[i]].letter, out);
	}
	fputs("\"}\n", out);
}
