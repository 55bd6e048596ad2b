/*
 * Completing the word before the cursor: commands and programs where a command begins, behind `;`
 * too, and else what the command's synopsis wants there: its own words, attacks, files, boot
 * options, ...
 */
#pragma once

#include "line.h"

/*
 * Adds what all candidates share; where that is nothing and there are several, lists them below the
 * line.
 */
void complete_line(struct line *line);
