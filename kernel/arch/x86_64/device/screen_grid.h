/*
 * The characters that the screen should show and those that it does show; grid_show draws the
 * difference. Positions outside of the grid are moved to its edge.
 */
#pragma once

#include "arch/x86_64/device/screen_device.h"

struct grid {
	const struct screen_device *device; /* NULL: no screen, and nothing else here counts */
	unsigned columns, rows;
	unsigned column, row;            /* of the cursor */
	bool is_wrap_due;                /* the last column was written: the next character wraps */
	uint8_t attribute;               /* of characters written from now on */
	unsigned dirty_first, dirty_end; /* rows that may differ from what is shown */
};

extern struct grid grid;

void grid_init(const struct screen_device *device);
void grid_put(uint8_t character);
void grid_move(int column, int row);
/* To the next row; scrolls at the bottom. */
void grid_line_feed(void);
/* Blanks cells [first, end), counted row by row from the top left corner. */
void grid_erase(unsigned first, unsigned end);
void grid_show(void);
