/*
 * The canvas: the part of a frame buffer right of the console's columns, for pictures. The console
 * never draws there, and the canvas never anywhere else.
 */
#pragma once

#include "abi/bulwark.h"
#include "lib/types.h"

/*
 * Of so many columns of characters, takes those that the console does not need, where they are
 * enough for a picture; how many are left to the console.
 */
unsigned canvas_init(unsigned nr_columns);

/* All zero where there is none. */
void canvas_size_get(struct bw_canvas *out);

/* The part of it that lies on the canvas: no lines where there is none. */
struct bw_rectangle canvas_clip(const struct bw_rectangle *rectangle);
/* Fills that part. */
void canvas_fill(const struct bw_rectangle *rectangle);
/* Characters that do not lie on the canvas as a whole are left out. */
void canvas_text(uint64_t x, uint64_t y, const char *text, size_t len_bytes, uint32_t colour,
		 uint32_t ground);
