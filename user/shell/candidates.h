/* What a word that is being typed can become: names that begin with it, however many. */
#pragma once

#include <stddef.h>

/* Invariant: names[0..nr) are sorted once candidates_sort was called, each of them there once. */
struct candidates {
	const char *prefix;
	size_t nr, room;
	char **names;
};

/*
 * Adds the names that begin with the prefix, for a word of this kind, as a command's synopsis calls
 * it: "ATTACK", "FILE", "OPTION=VALUE", ... Nothing for a kind that has no names.
 */
void candidates_offer_kind(struct candidates *candidates, const char *kind, size_t length);
/* Adds the text, where it begins with the prefix. */
void candidates_offer(struct candidates *candidates, const char *text, size_t length);
/* Sorts, and drops doubles. */
void candidates_sort(struct candidates *candidates);
void candidates_free(struct candidates *candidates);
