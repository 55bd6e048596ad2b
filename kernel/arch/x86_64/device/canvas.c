/* Rectangles and text beside the console, clipped to the canvas. */
#include "arch/x86_64/device/canvas.h"

#include "arch/x86_64/device/framebuffer.h"

/* Programs are told 80 columns, the kernel's messages have up to 100. */
enum { CONSOLE_MIN = 80, CONSOLE_WIDE = 100, CANVAS_MIN = 40, CANVAS_WIDE = 80 };

static uint32_t left; /* its first column of pixels */
static uint32_t width, height;

unsigned canvas_init(unsigned nr_columns)
{
	unsigned console = nr_columns < CONSOLE_WIDE + CANVAS_WIDE ? CONSOLE_MIN : CONSOLE_WIDE;

	if (nr_columns < CONSOLE_MIN + CANVAS_MIN) {
		return nr_columns;
	}
	left = console * glyph_width();
	width = framebuffer_width() - left;
	height = framebuffer_height();
	return console;
}

void canvas_size_get(struct bw_canvas *out)
{
	*out = (struct bw_canvas){ .width = width, .height = height };
	if (width > 0) {
		out->glyph_width = glyph_width();
		out->glyph_height = glyph_height();
	}
}

/* How much of [at, at + length) lies below the limit. */
static uint16_t clip(uint16_t at, uint16_t length, uint32_t limit)
{
	return at < limit ? (uint16_t)MIN((uint32_t)length, limit - at) : 0;
}

struct bw_rectangle canvas_clip(const struct bw_rectangle *rectangle)
{
	struct bw_rectangle part = *rectangle;

	part.width = clip(part.x, part.width, width);
	part.height = part.width > 0 ? clip(part.y, part.height, height) : 0;
	return part;
}

void canvas_fill(const struct bw_rectangle *rectangle)
{
	struct bw_rectangle part = canvas_clip(rectangle);

	framebuffer_fill(left + part.x, part.y, part.width, part.height,
			 framebuffer_value(part.colour));
}

void canvas_text(uint64_t x, uint64_t y, const char *text, size_t len_bytes, uint32_t colour,
		 uint32_t ground)
{
	if (height < glyph_height() || y > height - glyph_height()) {
		return;
	}
	for (size_t i = 0; i < len_bytes && x < width && x + glyph_width() <= width; i++) {
		framebuffer_glyph(left + (uint32_t)x, (uint32_t)y, (uint8_t)text[i],
				  framebuffer_value(colour), framebuffer_value(ground));
		x += glyph_width();
	}
}
