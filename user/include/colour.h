/*
 * Colours, where the console has them: the boot option console says so, which the host sets where a
 * person looks on who has not asked for NO_COLOR.
 */
#pragma once

#include <stdbool.h>

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_GOOD, COLOUR_BAD, COLOUR_UNDECIDED };

bool colour_is_on(void);
/* What switches to it, to be printed; "" where there are no colours. */
const char *colour(enum colour colour);
