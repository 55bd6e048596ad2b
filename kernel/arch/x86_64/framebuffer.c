/* Characters on a frame buffer, with the built-in font. */
#include "abi/font.h"
#include "arch/x86_64/font.h"
#include "arch/x86_64/screen_device.h"

static volatile uint8_t *pixels;
static struct framebuffer format;
static uint32_t bytes_per_pixel;
static uint32_t palette[NR_COLOURS]; /* pixel values, by enum colour */

static struct font font;

static struct screen_device device;

/* An intensity of 0 to 255 as the field of a pixel. */
static uint32_t field(uint32_t intensity, uint8_t shift, uint8_t bits)
{
	return intensity >> (8 - bits) << shift;
}

static void palette_init(void)
{
	for (uint32_t colour = 0; colour < NR_COLOURS; colour++) {
		uint32_t base = colour & COLOUR_BRIGHT ? 85 : 0;

		palette[colour] =
			field(base + (colour & 4 ? 170 : 0), format.red_shift, format.red_bits) |
			field(base + (colour & 2 ? 170 : 0), format.green_shift,
			      format.green_bits) |
			field(base + (colour & 1 ? 170 : 0), format.blue_shift, format.blue_bits);
	}
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

static void draw(unsigned column, unsigned row, struct cell cell)
{
	uint32_t index = cell.character < font.nr_glyphs ? cell.character : '?';
	const uint8_t *glyph = font.glyphs + (uint64_t)index * font.line_bytes * font.height;
	volatile uint8_t *line = pixels + (uint64_t)row * font.height * format.pitch_bytes +
				 (uint64_t)column * font.width * bytes_per_pixel;
	uint32_t text = palette[cell.attribute & 15];
	uint32_t ground = palette[cell.attribute >> 4];

	for (uint32_t y = 0; y < font.height; y++) {
		for (uint32_t x = 0; x < font.width; x++) {
			bool is_set = glyph[x / 8] & 0x80 >> x % 8;

			draw_pixel(line + x * bytes_per_pixel, is_set ? text : ground);
		}
		glyph += font.line_bytes;
		line += format.pitch_bytes;
	}
}

const struct screen_device *framebuffer_init(void *mapped, const struct framebuffer *framebuffer)
{
	size_t font_bytes = (uintptr_t)font_psf_end - (uintptr_t)font_psf_start;

	if (!framebuffer_is_supported(framebuffer) ||
	    !font_parse(font_psf_start, font_bytes, &font)) {
		return NULL;
	}
	pixels = mapped;
	format = *framebuffer;
	bytes_per_pixel = format.bits_per_pixel / 8;
	palette_init();
	device.columns = format.width / font.width;
	device.rows = format.height / font.height;
	device.draw = draw;
	return device.columns > 0 && device.rows > 0 ? &device : NULL;
}
