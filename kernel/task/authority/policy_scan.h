/* The policy's text as lines of words. No one's but the parser's. */
#pragma once

#include "task/authority/policy_parse.h"

struct scanner {
	struct policy_text text;
	size_t offset;
	unsigned line, column; /* of the next byte */
	struct policy_error *error;
};

/* len_bytes 0: the line has no more. One that begins with '@' names a set. */
struct word {
	const char *at;
	size_t len_bytes;
	unsigned column;
};

bool word_is(const struct word *word, const char *text);

/* The next word of this line, if there is one. EINVAL: a byte that belongs nowhere. */
status_t scan_word(struct scanner *scanner, struct word *out) MUST_CHECK;
/* A word that has to be there; `what` names it. */
status_t scan_wanted(struct scanner *scanner, const char *what, struct word *out) MUST_CHECK;
/* Nothing else may be there. */
status_t scan_line_end(struct scanner *scanner) MUST_CHECK;
/* To the first byte of the next line. */
void scan_line_next(struct scanner *scanner);
bool scan_is_end(const struct scanner *scanner);

/* What is wrong, in this line and at that column: EINVAL; ENOMEM. */
status_t scan_fail(struct scanner *scanner, unsigned column, const char *format, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;
/* `what` and the word. */
status_t scan_fail_at(struct scanner *scanner, const struct word *word,
		      const char *what) MUST_CHECK;
status_t scan_no_memory(struct scanner *scanner, const struct word *word) MUST_CHECK;
