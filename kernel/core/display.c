/* What is shown. */
#include "core/display.h"

#include "arch/x86_64/device/screen.h"
#include "arch/x86_64/device/serial.h"
#include "core/options.h"
#include "lib/text.h"
#include "lib/wrap.h"

enum { WIDTH = 80 };

static struct wrap wrap; /* guarded by the log's lock */

void display_init(void)
{
	wrap_init(&wrap, options.console == console_plain ? 0 : WIDTH, display_line_end());
}

const char *display_line_end(void) { return options.cmd[0] != '\0' ? "\n" : "\r\n"; }

void display_write_screen(const char *text, size_t len_bytes)
{
	text_write_lines(text, len_bytes, "\r\n", screen_write);
}

static void show(const char *text, size_t len_bytes)
{
	serial_write(SERIAL_COM1, text, len_bytes);
	if (display_line_end()[0] == '\r') {
		screen_write(text, len_bytes);
	} else {
		display_write_screen(text, len_bytes);
	}
}

void display_write(const char *text, size_t len_bytes) { wrap_write(&wrap, text, len_bytes, show); }
