/*
 * What tools/fuzz wrote into the program: settings, `NAME VALUE` a line, then sequences, one a
 * line.
 */
#pragma once

#include <stdbool.h>

#include "sequence.h"

/* The number that is set by this name, else the default. */
unsigned long input_number(const char *name, unsigned long or_else);
/* Up to so many sequences; how many there were. A line that is none is told of, and left out. */
unsigned input_sequences(struct sequence *sequences, unsigned nr_max);
/* Gives its memory back: nothing is read from now on. */
void input_end(void);
