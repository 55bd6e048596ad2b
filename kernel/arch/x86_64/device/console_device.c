/* The console's characters on a frame buffer; what they leave over is the canvas. */
#include "arch/x86_64/device/canvas.h"
#include "arch/x86_64/device/framebuffer.h"
#include "arch/x86_64/device/screen_device.h"

static uint32_t palette[NR_COLOURS]; /* pixel values, by enum colour */
static struct screen_device device;

static void palette_init(void)
{
	for (uint32_t colour = 0; colour < NR_COLOURS; colour++) {
		uint32_t base = colour & COLOUR_BRIGHT ? 85 : 0;
		uint32_t red = base + (colour & 4 ? 170 : 0);
		uint32_t green = base + (colour & 2 ? 170 : 0);
		uint32_t blue = base + (colour & 1 ? 170 : 0);

		palette[colour] = framebuffer_value(red << 16 | green << 8 | blue);
	}
}

static void draw(unsigned column, unsigned row, struct cell cell)
{
	framebuffer_glyph(column * glyph_width(), row * glyph_height(), cell.character,
			  palette[cell.attribute & 15], palette[cell.attribute >> 4]);
}

const struct screen_device *framebuffer_init(void *mapped, const struct framebuffer *framebuffer)
{
	if (!framebuffer_map(mapped, framebuffer)) {
		return NULL;
	}
	palette_init();
	device.columns = canvas_init(framebuffer_width() / glyph_width());
	device.rows = framebuffer_height() / glyph_height();
	device.draw = draw;
	return device.columns > 0 && device.rows > 0 ? &device : NULL;
}
