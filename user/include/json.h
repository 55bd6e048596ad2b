/* Just enough JSON to write. */
#pragma once

#include <stdio.h>

/* Writes the string with its quotes, everything escaped that must be. */
void json_string(FILE *out, const char *text);
