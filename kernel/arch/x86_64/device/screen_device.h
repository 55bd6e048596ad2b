/* What draws the screen's characters: VGA text memory or a frame buffer. */
#pragma once

#include "arch/x86_64/device/screen.h"

/*
 * The low half of the attribute is the colour of the text, the high half that of the ground; see
 * enum colour.
 */
struct cell {
	uint8_t character;
	uint8_t attribute;
};

/* VGA's numbers: a bit each for blue, green and red, and one for bright. */
enum colour { COLOUR_BLACK = 0, COLOUR_GREY = 7, COLOUR_BRIGHT = 8, NR_COLOURS = 16 };

struct screen_device {
	unsigned columns, rows;
	void (*draw)(unsigned column, unsigned row, struct cell cell);
};

/* Both return NULL when there is nothing to draw on. */
const struct screen_device *vga_init(void *mapped);
const struct screen_device *framebuffer_init(void *mapped, const struct framebuffer *framebuffer);
