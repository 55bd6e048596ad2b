/* A console font: glyphs of one size, as bit lines, indexed by ASCII code. */
#pragma once

#include "lib/types.h"

struct font {
	uint32_t width, height;
	uint32_t line_bytes;   /* a line of a glyph, its leftmost pixel in the highest bit */
	uint32_t nr_glyphs;    /* at least 128 */
	const uint8_t *glyphs; /* each line_bytes * height */
};

/* Reads a PC Screen Font of version 1 or 2. False when it is damaged or has no ASCII. */
bool font_parse(const uint8_t *file, size_t len_bytes, struct font *out);
