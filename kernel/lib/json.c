/* Writes JSON that is valid whatever does not fit. */
#include "lib/json.h"

#include "lib/format.h"
#include "lib/string.h"

/*
 * A piece under way: it is undone as a whole when the buffer ends before it does. Kept free behind
 * it: what closes all that is open, and the terminator.
 */
struct piece {
	struct json *json;
	size_t len; /* of the text with as much of the piece as was wanted */
};

static void put(struct piece *piece, char c)
{
	struct json *json = piece->json;

	if (piece->len + json->depth + 1 < json->size) {
		json->bytes[piece->len] = c;
	}
	piece->len++;
}

static void put_text(struct piece *piece, const char *text)
{
	while (*text) {
		put(piece, *text++);
	}
}

static void put_escaped(struct piece *piece, const char *text)
{
	char escape[8];

	put(piece, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			put(piece, '\\');
			put(piece, *text);
		} else if (c < ' ') {
			format(escape, sizeof(escape), "\\u%04x", c);
			put_text(piece, escape);
		} else {
			put(piece, c < 0x7f ? *text : '?');
		}
	}
	put(piece, '"');
}

/* The comma and the name. */
static struct piece piece_begin(struct json *json, const char *name)
{
	struct piece piece = { json, json->len };

	if (!json->is_first) {
		put(&piece, ',');
	}
	if (name) {
		put(&piece, '"');
		put_text(&piece, name);
		put_text(&piece, "\":");
	}
	return piece;
}

/* False: it did not fit, or what it is in did not, and nothing has changed. */
static bool piece_end(struct piece *piece)
{
	struct json *json = piece->json;

	if (json->nr_skipped || piece->len + json->depth + 1 > json->size) {
		return false;
	}
	json->len = piece->len;
	json->is_first = false;
	return true;
}

void json_begin(struct json *json, char *bytes, size_t size_bytes)
{
	*json = (struct json){ .bytes = bytes, .size = size_bytes, .is_first = true };
	json_open(json, NULL, '{');
}

void json_open(struct json *json, const char *name, char bracket)
{
	struct piece piece = piece_begin(json, name);

	put(&piece, bracket);
	piece.len++; /* room for what closes it */
	if (json->depth == JSON_DEPTH_MAX || !piece_end(&piece)) {
		json->nr_skipped++;
		return;
	}
	json->len--;
	json->closers[json->depth++] = bracket == '{' ? '}' : ']';
	json->is_first = true;
}

void json_close(struct json *json)
{
	if (json->nr_skipped) {
		json->nr_skipped--;
		return;
	}
	json->bytes[json->len++] = json->closers[--json->depth];
	json->is_first = false;
}

void json_end(struct json *json)
{
	json->nr_skipped = 0;
	while (json->depth) {
		json_close(json);
	}
	json->bytes[json->len] = '\0';
}

void json_string(struct json *json, const char *name, const char *value)
{
	struct piece piece = piece_begin(json, name);

	put_escaped(&piece, value);
	(void)piece_end(&piece);
}

static void put_plain(struct json *json, const char *name, const char *value)
{
	struct piece piece = piece_begin(json, name);

	put_text(&piece, value);
	(void)piece_end(&piece);
}

void json_hex(struct json *json, const char *name, uint64_t value)
{
	char text[24];

	format(text, sizeof(text), "\"0x%lx\"", value);
	put_plain(json, name, text);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
	char text[24];

	format(text, sizeof(text), "%lu", value);
	put_plain(json, name, text);
}

void json_bool(struct json *json, const char *name, bool value)
{
	put_plain(json, name, value ? "true" : "false");
}

void json_null(struct json *json, const char *name) { put_plain(json, name, "null"); }
