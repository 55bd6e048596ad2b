/* The characters on the screen. */
#include "arch/x86_64/device/screen_grid.h"

#include "lib/string.h"

/* Larger screens show a grid of this size. */
enum { COLUMNS_MAX = 240, ROWS_MAX = 80 };
enum { ATTRIBUTE_DEFAULT = COLOUR_BLACK << 4 | COLOUR_GREY };

struct grid grid;

static struct cell wanted[COLUMNS_MAX * ROWS_MAX];
static struct cell shown[COLUMNS_MAX * ROWS_MAX];
static unsigned cursor_shown; /* where the cursor was drawn last, as an index into the arrays */

static void mark_dirty(unsigned first, unsigned end)
{
	grid.dirty_first = MIN(grid.dirty_first, first);
	grid.dirty_end = MAX(grid.dirty_end, end);
}

void grid_init(const struct screen_device *device)
{
	grid = (struct grid){
		.device = device,
		.columns = MIN(device->columns, (unsigned)COLUMNS_MAX),
		.rows = MIN(device->rows, (unsigned)ROWS_MAX),
		.attribute = ATTRIBUTE_DEFAULT,
	};
	memset(shown, 0, sizeof(shown)); /* differs from every cell that is wanted */
	grid_erase(0, grid.columns * grid.rows);
	grid_show();
}

void grid_erase(unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++) {
		wanted[i] = (struct cell){ ' ', ATTRIBUTE_DEFAULT };
	}
	mark_dirty(first / grid.columns, (end + grid.columns - 1) / grid.columns);
}

void grid_move(int column, int row)
{
	grid.column = (unsigned)MAX(0, MIN(column, (int)grid.columns - 1));
	grid.row = (unsigned)MAX(0, MIN(row, (int)grid.rows - 1));
	grid.is_wrap_due = false;
}

void grid_line_feed(void)
{
	unsigned last = (grid.rows - 1) * grid.columns;

	grid.is_wrap_due = false;
	if (grid.row + 1 < grid.rows) {
		grid.row++;
		return;
	}
	memmove(wanted, wanted + grid.columns, last * sizeof(wanted[0]));
	grid_erase(last, last + grid.columns);
	mark_dirty(0, grid.rows);
}

void grid_put(uint8_t character)
{
	if (grid.is_wrap_due) {
		grid.column = 0;
		grid_line_feed();
	}
	wanted[grid.row * grid.columns + grid.column] = (struct cell){ character, grid.attribute };
	mark_dirty(grid.row, grid.row + 1);
	if (grid.column + 1 < grid.columns) {
		grid.column++;
	} else {
		grid.is_wrap_due = true;
	}
}

static void show_cell(unsigned index, struct cell cell)
{
	if (cell.character != shown[index].character || cell.attribute != shown[index].attribute) {
		shown[index] = cell;
		grid.device->draw(index % grid.columns, index / grid.columns, cell);
	}
}

void grid_show(void)
{
	unsigned cursor = grid.row * grid.columns + grid.column;
	struct cell under = wanted[cursor];

	for (unsigned i = grid.dirty_first * grid.columns; i < grid.dirty_end * grid.columns; i++) {
		if (i != cursor) {
			show_cell(i, wanted[i]);
		}
	}
	if (cursor_shown != cursor) {
		show_cell(cursor_shown, wanted[cursor_shown]);
	}
	under.attribute = (uint8_t)(under.attribute << 4 | under.attribute >> 4);
	show_cell(cursor, under);
	cursor_shown = cursor;
	grid.dirty_first = grid.rows;
	grid.dirty_end = 0;
}
