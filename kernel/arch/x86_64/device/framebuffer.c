/* Pixels and glyphs on a frame buffer. */
#include "arch/x86_64/device/framebuffer.h"

#include "abi/font.h"
#include "arch/x86_64/device/font.h"

static volatile uint8_t *pixels;
static struct framebuffer format;
static uint32_t bytes_per_pixel;

static struct font font;

uint32_t framebuffer_width(void) { return format.width; }
uint32_t framebuffer_height(void) { return format.height; }
uint32_t glyph_width(void) { return font.width; }
uint32_t glyph_height(void) { return font.height; }

/* An intensity of 0 to 255 as the field of a pixel. */
static uint32_t field(uint32_t intensity, uint8_t shift, uint8_t bits)
{
	return intensity >> (8 - bits) << shift;
}

uint32_t framebuffer_value(uint32_t rgb)
{
	return field(rgb >> 16 & 0xff, format.red_shift, format.red_bits) |
	       field(rgb >> 8 & 0xff, format.green_shift, format.green_bits) |
	       field(rgb & 0xff, format.blue_shift, format.blue_bits);
}

static volatile uint8_t *pixel_at(uint32_t x, uint32_t y)
{
	return pixels + (uint64_t)y * format.pitch_bytes + (uint64_t)x * bytes_per_pixel;
}

static void draw_pixel(volatile uint8_t *to, uint32_t value)
{
	switch (bytes_per_pixel) {
	case 4: *(volatile uint32_t *)to = value; break;
	case 3:
		to[0] = (uint8_t)value;
		to[1] = (uint8_t)(value >> 8);
		to[2] = (uint8_t)(value >> 16);
		break;
	default: *(volatile uint16_t *)to = (uint16_t)value; break;
	}
}

void framebuffer_fill(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t value)
{
	for (uint32_t line = y; line < y + height; line++) {
		volatile uint8_t *to = pixel_at(x, line);

		for (uint32_t i = 0; i < width; i++, to += bytes_per_pixel) {
			draw_pixel(to, value);
		}
	}
}

void framebuffer_glyph(uint32_t x, uint32_t y, uint8_t character, uint32_t text, uint32_t ground)
{
	uint32_t index = character < font.nr_glyphs ? character : '?';
	const uint8_t *glyph = font.glyphs + (uint64_t)index * font.line_bytes * font.height;

	for (uint32_t line = 0; line < font.height; line++, glyph += font.line_bytes) {
		volatile uint8_t *to = pixel_at(x, y + line);

		for (uint32_t i = 0; i < font.width; i++, to += bytes_per_pixel) {
			draw_pixel(to, glyph[i / 8] & 0x80 >> i % 8 ? text : ground);
		}
	}
}

bool framebuffer_map(void *mapped, const struct framebuffer *framebuffer)
{
	size_t font_bytes = (uintptr_t)font_psf_end - (uintptr_t)font_psf_start;

	if (!framebuffer_is_supported(framebuffer) ||
	    !font_parse(font_psf_start, font_bytes, &font)) {
		return false;
	}
	pixels = mapped;
	format = *framebuffer;
	bytes_per_pixel = format.bits_per_pixel / 8;
	framebuffer_fill(0, 0, format.width, format.height, framebuffer_value(0));
	return true;
}
