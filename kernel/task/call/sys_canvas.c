/* The calls that draw beside the console. */
#include "arch/x86_64/device/canvas.h"
#include "core/poll.h"
#include "mm/as/usercopy.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/process/process.h"
#include "task/sched/bounce.h"

enum {
	PIXELS_PER_PIECE = 16384,
	RECTANGLES_PER_PIECE = BOUNCE_BYTES / sizeof(struct bw_rectangle)
};
static_assert((int)BW_CANVAS_TEXT_MAX == (int)BOUNCE_BYTES, "one piece");

static bool is_root(void) { return credentials_acting_uid(process_current()) == 0; }

int64_t sys_canvas(uint64_t at)
{
	struct bw_canvas canvas;

	if (!is_root()) {
		return STATUS_EPERM;
	}
	canvas_size_get(&canvas);
	return copy_to_user((uva_t){ at }, &canvas, sizeof(canvas));
}

/* Stripe by stripe: others get in between. The part that canvas_clip gave. */
static void fill(const struct bw_rectangle *part)
{
	struct bw_rectangle stripe = *part;
	unsigned end = (unsigned)part->y + part->height;

	stripe.height = (uint16_t)MAX(PIXELS_PER_PIECE / MAX((unsigned)stripe.width, 1u), 1u);
	for (unsigned y = part->y; y < end && y <= UINT16_MAX; y += stripe.height) {
		stripe.y = (uint16_t)y;
		stripe.height = (uint16_t)MIN((unsigned)stripe.height, end - y);
		canvas_fill(&stripe);
		(void)poll_call();
	}
}

/* Draws those that the pixels left pay for: how many. */
static uint64_t fill_some(const struct bw_rectangle *rectangles, uint64_t nr, uint64_t *nr_pixels)
{
	for (uint64_t i = 0; i < nr; i++) {
		struct bw_rectangle part = canvas_clip(&rectangles[i]);
		uint64_t cost = (uint64_t)part.width * part.height;

		if (cost > *nr_pixels) {
			return i;
		}
		*nr_pixels -= cost;
		fill(&part);
	}
	return nr;
}

/* One call draws BW_CANVAS_PIXELS_MAX pixels at most. */
int64_t sys_canvas_fill(uint64_t at, uint64_t nr)
{
	struct bw_rectangle rectangles[RECTANGLES_PER_PIECE];
	uint64_t nr_pixels = BW_CANVAS_PIXELS_MAX, done = 0;
	status_t status = STATUS_OK;

	if (!is_root()) {
		return STATUS_EPERM;
	}
	nr = MIN(nr, (uint64_t)BW_RECTANGLES_MAX);
	while (done < nr) {
		uint64_t piece = MIN(nr - done, (uint64_t)RECTANGLES_PER_PIECE);
		uint64_t nr_drawn;

		status = copy_from_user(rectangles, (uva_t){ at + done * sizeof(rectangles[0]) },
					piece * sizeof(rectangles[0]));
		if (status) {
			break;
		}
		nr_drawn = fill_some(rectangles, piece, &nr_pixels);
		done += nr_drawn;
		if (nr_drawn < piece) {
			status = STATUS_EINVAL;
			break;
		}
	}
	bounce_scrub(rectangles, sizeof(rectangles));
	return done ? (int64_t)done : status;
}

int64_t sys_canvas_text(uint64_t x, uint64_t y, uint64_t at, uint64_t len_bytes, uint64_t colour,
			uint64_t ground)
{
	char text[BOUNCE_BYTES];
	status_t status;

	if (!is_root()) {
		return STATUS_EPERM;
	}
	if (len_bytes > sizeof(text)) {
		return STATUS_EINVAL;
	}
	status = copy_from_user(text, (uva_t){ at }, len_bytes);
	if (status == STATUS_OK) {
		canvas_text(x, y, text, len_bytes, (uint32_t)colour, (uint32_t)ground);
	}
	bounce_scrub(text, sizeof(text));
	return status;
}
