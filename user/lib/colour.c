/* Colours. Source: ECMA-48, "SGR - Select graphic rendition". */
#include "colour.h"

#include <unistd.h>

#include "bulwark.h"

bool colour_is_on(void) { return isatty(STDOUT_FILENO) && bw_option_is("console", "colour"); }

const char *colour(enum colour colour)
{
	static const char *const sequences[] = {
		[COLOUR_NONE] = "\x1b[m",          [COLOUR_BOLD] = "\x1b[1m",
		[COLOUR_GOOD] = "\x1b[1;32m",      [COLOUR_BAD] = "\x1b[1;31m",
		[COLOUR_UNDECIDED] = "\x1b[1;33m",
	};

	return colour_is_on() ? sequences[colour] : "";
}
