/* Words near another: Levenshtein's distance. */
#include "near.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 63, MOST_SAID = 4, SHORT_WORD = 4, PART_MIN = 3 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Letters to put in, take away or change. Neither is longer than WORD_MAX. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1];
	size_t length = strlen(b);

	for (size_t j = 0; j <= length; j++) {
		row[j] = j;
	}
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(change, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[length];
}

static bool is_near(const char *word, const char *name)
{
	size_t length = strlen(word);

	if (length > WORD_MAX || strlen(name) > WORD_MAX) {
		return false;
	}
	return (length >= PART_MIN && strstr(name, word) != NULL) ||
	       distance(word, name) <= (length > SHORT_WORD ? 2 : 1);
}

void near_say(const char *word, const char *(*name_at)(size_t index), size_t nr)
{
	size_t nr_said = 0;

	for (size_t i = 0; i < nr && nr_said < MOST_SAID; i++) {
		if (is_near(word, name_at(i))) {
			fprintf(stderr, "%s%s", nr_said == 0 ? "; did you mean " : " or ",
				name_at(i));
			nr_said++;
		}
	}
	if (nr_said > 0) {
		fputc('?', stderr);
	}
}
