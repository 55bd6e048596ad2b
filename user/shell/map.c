/* Reads the map of physical memory. */
#include "map.h"

#include <assert.h>
#include <string.h>

const struct map_state map_states[BW_NR_STATES] = {
#define MAP_STATE(state, letter, ansi, rgb, name)                                                  \
	{ BW_STATE_##state, #state, letter, ansi, rgb, name },
#include "map_states.def"
#undef MAP_STATE
};

/* A bit for each row: all of them only where every state has one. */
enum {
	STATES_SHOWN = 0
#define MAP_STATE(state, letter, ansi, rgb, name) | 1 << BW_STATE_##state
#include "map_states.def"
#undef MAP_STATE
};
static_assert(STATES_SHOWN == (1 << BW_NR_STATES) - 1, "each state of policy.def is shown");
static_assert((int)BW_NR_STATES == (int)BW_FRAME_STATES, "the kernel counts each of them");

enum { GROUPS = 512 };

int map_init(struct map *map, size_t nr_cells_max)
{
	struct bw_memory_info info;
	long status = bw_memory_info(&info);

	if (status < 0) {
		return (int)status;
	}
	memset(map, 0, sizeof(*map));
	nr_cells_max = nr_cells_max < MAP_CELLS_MAX ? nr_cells_max : MAP_CELLS_MAX;
	map->nr_frames = info.nr_pfn;
	map->frames_per_cell = 1;
	while (map->frames_per_cell * nr_cells_max < map->nr_frames) {
		map->frames_per_cell *= 2;
	}
	map->nr_cells = (map->nr_frames + map->frames_per_cell - 1) / map->frames_per_cell;
	return 0;
}

static void map_add(struct map *map, uint8_t *cell, const struct bw_frame_group *group)
{
	for (uint8_t i = 0; i < BW_NR_STATES; i++) {
		uint16_t nr = group->nr[map_states[i].state];

		map->nr_of[i] += nr;
		if (nr > 0 && i < *cell) {
			*cell = i;
		}
	}
}

int map_read(struct map *map)
{
	static struct bw_frame_group groups[GROUPS];
	uint64_t first = 0, per_group = map->frames_per_cell;
	long nr;

	if (per_group > BW_FRAME_GROUP_MAX) {
		per_group = BW_FRAME_GROUP_MAX;
	}
	memset(map->nr_of, 0, sizeof(map->nr_of));
	memset(map->cells, BW_NR_STATES - 1, sizeof(map->cells));
	while ((nr = bw_frame_map(first, per_group, groups, GROUPS)) > 0) {
		for (long i = 0; i < nr; i++, first += per_group) {
			map_add(map, &map->cells[first / map->frames_per_cell], &groups[i]);
		}
	}
	return (int)nr;
}

uint64_t map_nr_free(const struct map *map)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < BW_NR_STATES; i++) {
		if (map_states[i].state == BW_STATE_FREE_HIDDEN ||
		    map_states[i].state == BW_STATE_FREE_REVEALED) {
			nr += map->nr_of[i];
		}
	}
	return nr;
}
