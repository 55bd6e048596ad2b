/* Drawing beside the console, where the machine has a frame buffer. -EPERM unless uid 0. */
#pragma once

#include "bulwark.h"

/* Its size; all zero where there is none. */
static inline long bw_canvas(struct bw_canvas *canvas) { return bw_call_canvas((long)canvas); }

/*
 * Fills what of the rectangles lies on the canvas, in order. Returns how many were drawn: no more
 * than BW_RECTANGLES_MAX, nor than BW_CANVAS_PIXELS_MAX pixels are enough for. -EINVAL where the
 * first alone takes more.
 */
static inline long bw_canvas_fill(const struct bw_rectangle *rectangles, size_t nr)
{
	return bw_call_canvas_fill((long)rectangles, (long)nr);
}

/* At most BW_CANVAS_TEXT_MAX characters of ASCII; those beyond the edge are left out. */
static inline long bw_canvas_text(uint32_t x, uint32_t y, const char *text, size_t len_bytes,
				  uint32_t colour, uint32_t ground)
{
	return bw_call_canvas_text(x, y, (long)text, (long)len_bytes, colour, ground);
}
