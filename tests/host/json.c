/* sources: kernel/lib/json.c kernel/lib/format.c */

/* JSON in buffers of every size: what is written is valid, and what fits is all there. */
#include "tap.h"

#include "lib/json.h"

/* A reader that accepts what JSON is, and nothing else. Returns where the value ends; NULL: it is
 * none. */
static const char *read_value(const char *at);

static const char *read_string(const char *at)
{
	if (*at++ != '"') {
		return NULL;
	}
	while (*at != '"') {
		if ((unsigned char)*at < ' ' || (unsigned char)*at > 0x7e) {
			return NULL;
		}
		if (*at == '\\') {
			at++;
			if (*at == 'u') {
				at += strspn(at + 1, "0123456789abcdef") >= 4 ? 4 : 0;
			} else if (*at != '"' && *at != '\\') {
				return NULL;
			}
		}
		at++;
	}
	return at + 1;
}

static const char *read_bracket(const char *at)
{
	char open = *at++, close = open == '{' ? '}' : ']';

	if (*at == close) {
		return at + 1;
	}
	for (;;) {
		if (open == '{') {
			at = read_string(at);
			if (!at || *at++ != ':') {
				return NULL;
			}
		}
		at = read_value(at);
		if (!at || (*at != ',' && *at != close)) {
			return NULL;
		}
		if (*at++ == close) {
			return at;
		}
	}
}

static const char *read_value(const char *at)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t nr_digits = strspn(at, "0123456789");

	if (*at == '"') {
		return read_string(at);
	}
	if (*at == '{' || *at == '[') {
		return read_bracket(at);
	}
	for (unsigned i = 0; i < 3; i++) {
		if (strncmp(at, words[i], strlen(words[i])) == 0) {
			return at + strlen(words[i]);
		}
	}
	return nr_digits ? at + nr_digits : NULL;
}

static bool is_valid(const char *text)
{
	const char *end = read_value(text);

	return end && !*end;
}

#define EXPECTED                                                                                   \
	"{\"name\":\"a \\\"b\\\" \\\\ \\u000a?\",\"empty\":[],"                                    \
	"\"list\":[{\"at\":\"0x1f\",\"no\":null},{}],"                                             \
	"\"yes\":true,\"number\":18446744073709551615}"

static void write_all(char *bytes, size_t size)
{
	struct json json;

	json_begin(&json, bytes, size);
	json_string(&json, "name", "a \"b\" \\ \n\xe4");
	json_open(&json, "empty", '[');
	json_close(&json);
	json_open(&json, "list", '[');
	json_open(&json, NULL, '{');
	json_hex(&json, "at", 0x1f);
	json_null(&json, "no");
	json_close(&json);
	json_open(&json, NULL, '{');
	json_close(&json);
	json_close(&json);
	json_bool(&json, "yes", true);
	json_number(&json, "number", UINT64_MAX);
	json_end(&json);
}

static void sizes(void)
{
	char bytes[256], worst[256] = "";
	unsigned nr_wrong = 0;

	for (size_t size = 3; size <= sizeof(EXPECTED); size++) {
		memset(bytes, '#', sizeof(bytes));
		write_all(bytes, size);
		if (!memchr(bytes, 0, size) || !is_valid(bytes) || bytes[size] != '#') {
			nr_wrong++;
			memcpy(worst, bytes, sizeof(worst) - 1);
		}
	}
	if (!is(nr_wrong, 0, "a buffer of any size gets valid JSON, and nothing behind it")) {
		diag("for one: %s", worst);
	}
	write_all(bytes, 3);
	is_text(bytes, "{}", "the smallest gets an empty object");
}

static void depth(void)
{
	char bytes[128];
	struct json json;

	json_begin(&json, bytes, sizeof(bytes));
	for (unsigned i = 0; i < 2 * JSON_DEPTH_MAX; i++) {
		json_open(&json, i ? NULL : "deep", '[');
	}
	json_number(&json, NULL, 1);
	for (unsigned i = 0; i < 2 * JSON_DEPTH_MAX; i++) {
		json_close(&json);
	}
	json_number(&json, "after", 2);
	json_end(&json);
	is_text(bytes, "{\"deep\":[[[[[[[]]]]]]],\"after\":2}",
		"what lies too deep is left out, and what follows is not");
}

int main(void)
{
	char bytes[sizeof(EXPECTED)];

	write_all(bytes, sizeof(bytes));
	is_text(bytes, EXPECTED, "what fits exactly is written as it should be");
	sizes();
	depth();
	ok(!is_valid("{\"a\":1,}") && !is_valid("{\"a\":[1}") && !is_valid("{") &&
		   !is_valid("{\"a\":\"\n\"}"),
	   "the reader that judges refuses what is not JSON");
	return done_testing();
}
