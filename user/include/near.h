/* "Did you mean": the words that somebody may have meant by another. */
#pragma once

#include <stddef.h>

/*
 * Says on standard error "; did you mean A or B?" where some of the nr names are near the word: a
 * few letters away, or one is a part of the other. Says nothing where none is.
 */
void near_say(const char *word, const char *(*name_at)(size_t index), size_t nr);
