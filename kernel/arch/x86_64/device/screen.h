/*
 * The screen as a terminal: VGA text mode or a frame buffer. Understands \r \n \b \t and, of the
 * escape sequences of ECMA-48, cursor movement (CSI A B C D G H), erasing (CSI J K) and colours
 * (CSI m). Without one of the two init calls every other call does nothing.
 */
#pragma once

#include "lib/types.h"

/* A frame buffer of 16, 24 or 32 bits per pixel, one field of bits per colour. */
struct framebuffer {
	pa_t pa;                /* of the first pixel */
	uint32_t pitch_bytes;   /* from one line to the next */
	uint32_t width, height; /* pixels */
	uint8_t bits_per_pixel;
	uint8_t red_shift, red_bits;
	uint8_t green_shift, green_bits;
	uint8_t blue_shift, blue_bits;
};

static inline uint64_t framebuffer_size_bytes(const struct framebuffer *framebuffer)
{
	return (uint64_t)framebuffer->pitch_bytes * framebuffer->height;
}

static inline bool colour_is_supported(unsigned shift, unsigned bits, unsigned bits_per_pixel)
{
	return bits > 0 && bits <= 8 && shift + bits <= bits_per_pixel;
}

/* Whether it can be drawn on: the format is known and every pixel lies inside of its line. */
static inline bool framebuffer_is_supported(const struct framebuffer *fb)
{
	unsigned bits = fb->bits_per_pixel;

	return (bits == 16 || bits == 24 || bits == 32) && fb->width > 0 && fb->height > 0 &&
	       (uint64_t)fb->width * (bits / 8) <= fb->pitch_bytes &&
	       colour_is_supported(fb->red_shift, fb->red_bits, bits) &&
	       colour_is_supported(fb->green_shift, fb->green_bits, bits) &&
	       colour_is_supported(fb->blue_shift, fb->blue_bits, bits);
}

/* What the display adapter is set to; absent: its ports read as ones. */
enum vga_mode { VGA_ABSENT, VGA_TEXT, VGA_GRAPHICS };
enum vga_mode vga_mode(void);

/* VGA text mode, 80 x 25. `mapped` is where physical 0xb8000 is mapped, 4000 bytes. */
void screen_init_text(void *mapped);

/*
 * `mapped` is where the frame buffer is mapped, framebuffer_size_bytes of it. Does nothing with one
 * that is not supported, or too small for the font.
 */
void screen_init_framebuffer(void *mapped, const struct framebuffer *framebuffer);

void screen_write(const char *text, size_t len_bytes);

/* Characters; 0 without a screen. */
unsigned screen_columns(void);
unsigned screen_rows(void);
