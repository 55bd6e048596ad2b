/*
 * The screen as a terminal: control characters and escape sequences. Source: ECMA-48, "Control
 * functions".
 */
#include "arch/x86_64/device/screen.h"

#include "arch/x86_64/device/screen_grid.h"
#include "lib/string.h"

enum { ESCAPE = 0x1b, TAB_COLUMNS = 8, PARAMETERS_MAX = 8, PARAMETER_MAX = 9999 };

enum state { STATE_TEXT, STATE_ESCAPE, STATE_SEQUENCE };

static struct {
	enum state state;
	int parameters[PARAMETERS_MAX]; /* 0 where none is given */
	unsigned nr_parameters;         /* complete ones: the current one has this index */
	bool is_private;                /* "CSI ?" and the like: to be ignored */
} parser;

void screen_init_text(void *mapped) { grid_init(vga_init(mapped)); }

void screen_init_framebuffer(void *mapped, const struct framebuffer *framebuffer)
{
	const struct screen_device *device = framebuffer_init(mapped, framebuffer);

	if (device) {
		grid_init(device);
	}
}

unsigned screen_columns(void) { return grid.columns; }

unsigned screen_rows(void) { return grid.rows; }

/* ECMA-48 numbers red 1 and blue 4; VGA the other way round. */
static uint8_t colour_from_ansi(int number)
{
	return (uint8_t)((number & 1) << 2 | (number & 2) | (number & 4) >> 2);
}

static void select_rendition(int parameter)
{
	uint8_t text = grid.attribute & 0x0f;
	uint8_t ground = grid.attribute & 0xf0;

	if (parameter == 0) {
		grid.attribute = COLOUR_BLACK << 4 | COLOUR_GREY;
	} else if (parameter == 1) {
		grid.attribute |= COLOUR_BRIGHT;
	} else if (parameter == 7) {
		grid.attribute = (uint8_t)(text << 4 | ground >> 4);
	} else if (parameter >= 30 && parameter <= 37) {
		grid.attribute = ground | (text & COLOUR_BRIGHT) | colour_from_ansi(parameter - 30);
	} else if (parameter == 39) {
		grid.attribute = ground | (text & COLOUR_BRIGHT) | COLOUR_GREY;
	} else if (parameter >= 40 && parameter <= 47) {
		grid.attribute = (uint8_t)(text | colour_from_ansi(parameter - 40) << 4);
	} else if (parameter == 49) {
		grid.attribute = text | COLOUR_BLACK << 4;
	} else if (parameter >= 90 && parameter <= 97) {
		grid.attribute = ground | COLOUR_BRIGHT | colour_from_ansi(parameter - 90);
	}
}

/*
 * 0: from the cursor on; 1: up to the cursor; 2: all. [first, end) is the line or the whole screen.
 */
static void erase(int parameter, unsigned first, unsigned end)
{
	unsigned cursor = grid.row * grid.columns + grid.column;

	if (parameter == 0) {
		grid_erase(cursor, end);
	} else if (parameter == 1) {
		grid_erase(first, cursor + 1);
	} else if (parameter == 2) {
		grid_erase(first, end);
	}
}

static void run_sequence(char final)
{
	int first = parser.parameters[0];
	int distance = MAX(first, 1);
	int column = (int)grid.column;
	int row = (int)grid.row;
	unsigned line = grid.row * grid.columns;

	switch (final) {
	case 'A': grid_move(column, row - distance); break;
	case 'B': grid_move(column, row + distance); break;
	case 'C': grid_move(column + distance, row); break;
	case 'D': grid_move(column - distance, row); break;
	case 'G': grid_move(distance - 1, row); break;
	case 'H':
	case 'f': grid_move(parser.parameters[1] - 1, distance - 1); break;
	case 'J': erase(first, 0, grid.columns * grid.rows); break;
	case 'K': erase(first, line, line + grid.columns); break;
	case 'm':
		for (unsigned i = 0; i < MIN(parser.nr_parameters + 1, (unsigned)PARAMETERS_MAX);
		     i++) {
			select_rendition(parser.parameters[i]);
		}
		break;
	}
}

static void put_in_sequence(char c)
{
	if (c >= '0' && c <= '9') {
		if (parser.nr_parameters < PARAMETERS_MAX) {
			int *parameter = &parser.parameters[parser.nr_parameters];

			*parameter = MIN(*parameter * 10 + (c - '0'), PARAMETER_MAX);
		}
	} else if (c == ';') {
		parser.nr_parameters = MIN(parser.nr_parameters + 1, (unsigned)PARAMETERS_MAX);
	} else if (c >= '<' && c <= '?') {
		parser.is_private = true;
	} else if (c >= '@' && c <= '~') {
		parser.state = STATE_TEXT;
		if (!parser.is_private) {
			run_sequence(c);
		}
	} else if (c < ' ') {
		parser.state = STATE_TEXT;
	}
}

/* Of a UTF-8 sequence the first byte shows as a question mark, the others not at all. */
static void put_text(char c)
{
	uint8_t byte = (uint8_t)c;

	switch (c) {
	case '\r': grid_move(0, (int)grid.row); break;
	case '\n': grid_line_feed(); break;
	case '\b': grid_move((int)grid.column - 1, (int)grid.row); break;
	case '\t':
		grid_move((int)(grid.column / TAB_COLUMNS + 1) * TAB_COLUMNS, (int)grid.row);
		break;
	case ESCAPE: parser.state = STATE_ESCAPE; break;
	default:
		if (byte >= 0xc0) {
			grid_put('?');
		} else if (byte >= ' ' && byte < 0x7f) {
			grid_put(byte);
		}
		break;
	}
}

static void put(char c)
{
	switch (parser.state) {
	case STATE_TEXT: put_text(c); break;
	case STATE_ESCAPE:
		memset(&parser, 0, sizeof(parser));
		parser.state = c == '[' ? STATE_SEQUENCE : STATE_TEXT;
		break;
	case STATE_SEQUENCE: put_in_sequence(c); break;
	}
}

void screen_write(const char *text, size_t len_bytes)
{
	if (!grid.device) {
		return;
	}
	for (size_t i = 0; i < len_bytes; i++) {
		put(text[i]);
	}
	grid_show();
}
