/*
 * The policy's text, read into a structure: docs/policy.md has the grammar. Nothing in the text is
 * believed; the parser looks at nothing but the text, and allocates from the pool that it is given.
 */
#pragma once

#include "lib/status.h"
#include "task/authority/syscall_rows.h"

struct pool;

enum {
	POLICY_NAME_BYTES = 32, /* of a program or a set, terminator included */
	POLICY_SETS_MAX = 64,
	POLICY_RULES_MAX = 256,
	POLICY_MESSAGE_BYTES = 96,
};

/* It starts everything else, so no rule may bind it or make it another user. */
#define POLICY_FIRST_PROGRAM "init"

/* What one program may do. Objects of the pool. */
struct policy_rule {
	struct policy_rule *next; /* in the order of the text */
	char name[POLICY_NAME_BYTES];
	bool has_uid;  /* else it keeps the caller's */
	bool is_bound; /* else it may make every call */
	uint32_t uid;
	struct syscall_set calls;
};

struct policy_text {
	const char *at;
	size_t len_bytes;
};

/* What is wrong, and where; lines and columns count from 1, a column is a byte. */
struct policy_error {
	unsigned line, column;
	char message[POLICY_MESSAGE_BYTES];
};

/*
 * *out: the first rule; NULL where the text has none. On failure *error says what is wrong, and
 * everything that was allocated is given back. EINVAL: the text; ENOMEM.
 */
status_t policy_parse(struct policy_text text, const struct pool *pool,
		      const struct policy_rule **out, struct policy_error *error) MUST_CHECK;
