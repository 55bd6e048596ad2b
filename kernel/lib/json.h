/*
 * Writes one JSON value, an object, into a buffer of a fixed size, on one line. Whatever the size:
 * between json_begin and json_end the text is valid once the brackets that are open are closed, and
 * there is always room for those. A member or element that does not fit is left out, whole.
 *
 *	json_begin(&json, buffer, sizeof(buffer));
 *	json_string(&json, "name", name);
 *	json_open(&json, "list", '[');
 *	json_number(&json, NULL, 1);
 *	json_close(&json);
 *	json_end(&json);                    {"name":"...","list":[1]}
 *
 * Names are our own and need no escape; values are escaped, and bytes outside of ASCII replaced by
 * question marks. Within a list `name` is NULL.
 */
#pragma once

#include "lib/types.h"

enum { JSON_DEPTH_MAX = 8 };

struct json {
	char *bytes;
	size_t size, len;
	unsigned depth, nr_skipped; /* brackets open; and open within one that did not fit */
	bool is_first;              /* in the innermost open bracket */
	char closers[JSON_DEPTH_MAX];
};

/* size_bytes is at least 3: {} and the terminator. */
void json_begin(struct json *json, char *bytes, size_t size_bytes);
/* Closes what is open. */
void json_end(struct json *json);

/* bracket: '{' or '['. Each open has its close, also where it did not fit. */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json);

void json_string(struct json *json, const char *name, const char *value);
/* A string of a number with 0x: numbers beyond 2^53 do not survive most readers. */
void json_hex(struct json *json, const char *name, uint64_t value);
void json_number(struct json *json, const char *name, uint64_t value);
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);
