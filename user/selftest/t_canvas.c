/* The calls that draw beside the console: what they refuse, and how much one call does. */
#include <string.h>
#include <unistd.h>

#include "canvas.h"
#include "child.h"
#include "tap.h"

#define KERNEL_HALF 0xffff800000000000UL

static struct bw_canvas canvas;
static struct bw_rectangle rectangles[BW_RECTANGLES_MAX + 1];
static const char line[BW_CANVAS_TEXT_MAX + 1];

static int refuse_others(void *unused)
{
	(void)unused;
	return setuid(1000) == 0 && bw_canvas(&canvas) == -EPERM &&
			       bw_canvas_fill(rectangles, 1) == -EPERM &&
			       bw_canvas_text(0, 0, line, 1, 0, 0) == -EPERM
		       ? 0
		       : 1;
}

static void test_refusals(void)
{
	tap_is(bw_canvas((struct bw_canvas *)KERNEL_HALF), -EFAULT,
	       "a kernel address for the size is refused");
	tap_is(bw_canvas_fill((struct bw_rectangle *)KERNEL_HALF, 1), -EFAULT,
	       "so is one of rectangles");
	tap_is(bw_canvas_text(0, 0, (char *)KERNEL_HALF, 1, 0, 0), -EFAULT, "and one of text");
	tap_is(bw_canvas_text(0, 0, line, BW_CANVAS_TEXT_MAX + 1, 0, 0), -EINVAL,
	       "so is a text that is too long");
	tap_is(bw_canvas_text(UINT32_MAX, UINT32_MAX, line, BW_CANVAS_TEXT_MAX, 0, 0), 0,
	       "a text far outside is drawn nowhere");
	tap_is(child_run(refuse_others, NULL), 0, "only root may draw");
}

/* A machine without a canvas draws everything, nowhere. */
static void test_amounts(void)
{
	uint64_t nr_pixels = (uint64_t)canvas.width * canvas.height;

	tap_is(bw_canvas_fill(rectangles, 0), 0, "no rectangles are no error");
	tap_is(bw_canvas_fill(rectangles, BW_RECTANGLES_MAX + 1), BW_RECTANGLES_MAX,
	       "one call draws BW_RECTANGLES_MAX rectangles at most");
	memset(rectangles, 0xff, sizeof(rectangles));
	tap_is(bw_canvas_fill(rectangles, BW_RECTANGLES_MAX), BW_RECTANGLES_MAX,
	       "rectangles outside cost nothing");
	for (size_t i = 0; i < 3; i++) {
		rectangles[i] = (struct bw_rectangle){ 0, 0, UINT16_MAX, UINT16_MAX, 0 };
	}
	tap_is(bw_canvas_fill(rectangles, 3), nr_pixels > BW_CANVAS_PIXELS_MAX ? -EINVAL : 3,
	       "one that takes more pixels than a call may draw is refused");
}

int main(void)
{
	tap_is(bw_canvas(&canvas), 0, "the size of the canvas is told");
	tap_note("%u x %u pixels", canvas.width, canvas.height);
	tap_ok((canvas.width == 0) == (canvas.glyph_width == 0), "with the size of a character");
	test_amounts();
	test_refusals();
	return tap_done();
}
