/* The terminal's modes and keys. */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { DEFAULT_WIDTH = 80, NARROWEST = 20, KEY_ESCAPE = 0x1b };

static struct termios cooked;

bool terminal_is_interactive(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

static bool term_is_known(void)
{
	const char *term = getenv("TERM");

	return term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0 &&
	       strcmp(term, "unknown") != 0;
}

bool terminal_can_edit(void) { return terminal_is_interactive() && term_is_known(); }

bool terminal_raw(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &cooked) != 0) {
		return false;
	}
	raw = cooked;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void terminal_cooked(void) { tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked); }

static int read_byte(void)
{
	unsigned char byte;

	return read(STDIN_FILENO, &byte, 1) == 1 ? byte : KEY_END_OF_FILE;
}

/* What follows ESC [ or ESC O: parameters, then a letter or a tilde. */
static int read_sequence(void)
{
	int parameter = 0;
	int byte = read_byte();

	while ((byte >= '0' && byte <= '9') || byte == ';') {
		parameter = byte == ';' ? 0 : parameter % 100 * 10 + byte - '0';
		byte = read_byte();
	}
	switch (byte) {
	case 'A': return KEY_UP;
	case 'B': return KEY_DOWN;
	case 'C': return KEY_RIGHT;
	case 'D': return KEY_LEFT;
	case 'H': return KEY_HOME;
	case 'F': return KEY_END;
	case '~': break;
	default: return KEY_UNKNOWN;
	}
	switch (parameter) {
	case 1:
	case 7: return KEY_HOME;
	case 3: return KEY_DELETE;
	case 4:
	case 8: return KEY_END;
	default: return KEY_UNKNOWN;
	}
}

int terminal_key(void)
{
	int byte = read_byte();

	if (byte != KEY_ESCAPE) {
		return byte;
	}
	byte = read_byte();
	return byte == '[' || byte == 'O' ? read_sequence() : KEY_UNKNOWN;
}

size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
		return DEFAULT_WIDTH;
	}
	return size.ws_col < NARROWEST ? NARROWEST : size.ws_col;
}

void terminal_write(const char *bytes, size_t nr_bytes)
{
	while (nr_bytes > 0) {
		ssize_t done = write(STDOUT_FILENO, bytes, nr_bytes);

		if (done <= 0) {
			return;
		}
		bytes += done;
		nr_bytes -= (size_t)done;
	}
}
