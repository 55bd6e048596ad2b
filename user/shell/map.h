/* The map of physical memory: which state of policy.def the frames are in, cell by cell. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "frame_map.h"

/* How a state is shown; of several that share a cell, the cell shows the first in map_states. */
struct map_state {
	enum bw_frame_state state;
	const char *state_name; /* "USER_HIDDEN" */
	char letter;
	uint8_t ansi; /* parameter of CSI m */
	uint32_t rgb; /* 0xRRGGBB */
	const char *name;
};
extern const struct map_state map_states[BW_NR_STATES];

enum { MAP_CELLS_MAX = 1 << 14, MAP_KIB_PER_FRAME = BW_PAGE_SIZE / 1024 };

struct map {
	uint64_t nr_frames;
	uint64_t frames_per_cell; /* a power of two; the last cell may hold fewer */
	size_t nr_cells;
	/* Both by the index of map_states. */
	uint8_t cells[MAP_CELLS_MAX]; /* what the cell shows */
	uint64_t nr_of[BW_NR_STATES]; /* frames */
};

/* As few frames a cell as make nr_cells_max cells or fewer. 0, or a negative errno value. */
int map_init(struct map *map, size_t nr_cells_max);
/*
 * What is so now; the kernel tells it piece by piece, and the machine goes on meanwhile. 0, or a
 * negative errno value.
 */
int map_read(struct map *map);
uint64_t map_nr_free(const struct map *map);

/* ---- As text (map_text.c) ---- */

/* A grid of letters, and a legend. */
struct map_layout {
	size_t nr_columns, nr_rows; /* of cells; a power of two, at most */
	bool colour;
};
struct map_layout map_layout_for(size_t nr_terminal_columns, size_t nr_rows, bool colour);
/* For printing it on whatever the standard output is. */
struct map_layout map_layout_plain(void);
/* The title says when that was; it may be empty. */
void map_print(const struct map *map, const struct map_layout *layout, const char *title,
	       FILE *out);
/* One JSON object. */
void map_print_json(const struct map *map, FILE *out);

/* ---- On the canvas (map_canvas.c), and live on a terminal (map_terminal.c) ---- */

/* Chooses the size of a cell; false where there is no canvas, or it is too small. */
bool map_canvas_init(struct map *map);
void map_canvas_draw(const struct map *map, const char *title);

/* The same of a terminal that moves its cursor when told. It is in use up to map_terminal_end. */
bool map_terminal_init(struct map *map);
void map_terminal_draw(const struct map *map, const char *title);
void map_terminal_end(void);

/* ---- Watching (map_watch.c) ---- */

/* Blocks. Runs a command as the shell does, and draws meanwhile; the command's status. */
int map_watch_command(int argc, char *const argv[]);
/* Blocks. Draws for so long, or until the console's interrupt key is hit. */
int map_watch_clock(unsigned int nr_seconds);
