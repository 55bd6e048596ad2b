/*
 * The frame buffer in pixels, and with the built-in font. Nothing here clips: callers stay inside.
 * Several CPUs may draw at the same time where they draw different pixels.
 */
#pragma once

#include "arch/x86_64/device/screen.h"

/* False with one that is not supported, or without a font. Clears it. */
bool framebuffer_map(void *mapped, const struct framebuffer *framebuffer);

/* Pixels; 0 without a frame buffer. */
uint32_t framebuffer_width(void);
uint32_t framebuffer_height(void);
uint32_t glyph_width(void);
uint32_t glyph_height(void);

/* The value of a pixel of a colour, 0xRRGGBB. */
uint32_t framebuffer_value(uint32_t rgb);
void framebuffer_fill(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t value);
/* What the font does not have shows as a question mark. */
void framebuffer_glyph(uint32_t x, uint32_t y, uint8_t character, uint32_t text, uint32_t ground);
