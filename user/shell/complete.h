/*
 * Completing the word before the cursor: commands and programs, attacks after `attack`, commands
 * after `help`.
 */
#pragma once

#include "line.h"

/*
 * Adds what all candidates share; where that is nothing and there are several, lists them below the
 * line.
 */
void complete_line(struct line *line);
