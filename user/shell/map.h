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

/* A grid of letters and a legend, for a terminal of so many columns; nr_rows at most. */
struct map_layout {
	size_t nr_columns, nr_rows; /* of cells */
	bool colour;
};
struct map_layout map_layout_for(size_t nr_columns, size_t nr_rows, bool colour);
void map_print(const struct map *map, const struct map_layout *layout, FILE *out);
/* One JSON object. */
void map_print_json(const struct map *map, FILE *out);
