/* Sequences as text. */
#include "sequence.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a call takes at most: a name, and six arguments. */
enum { CALL_TEXT_MAX = 160 };

static int argument_print(uint64_t value, char *text, size_t size)
{
	uint32_t low = (uint32_t)value;

	switch (value >> 32) {
	case SPECIAL_RESULT: return snprintf(text, size, "r%x", low);
	case SPECIAL_SELF: return snprintf(text, size, "self");
	case SPECIAL_PARENT: return snprintf(text, size, "parent");
	case SPECIAL_CANARY: return snprintf(text, size, "k%x", low);
	case SPECIAL_RANGE: return snprintf(text, size, "x%x", low);
	case SPECIAL_DIRECT: return snprintf(text, size, "y%x", low);
	default:
		if (value > UINT64_MAX - 4096) {
			return snprintf(text, size, "m%lx", -value);
		}
		return snprintf(text, size, "%lx", value);
	}
}

size_t sequence_print(const struct sequence *sequence, char text[SEQUENCE_TEXT_MAX])
{
	char *at = text, *end = text + SEQUENCE_TEXT_MAX;

	at += snprintf(at, (size_t)(end - at), "%s%s%s/",
		       sequence->flags & SEQUENCE_ROOT ? "r" : "",
		       sequence->flags & SEQUENCE_PROCESSES ? "p" : "",
		       sequence->flags & SEQUENCE_WATCHED ? "w" : "");
	for (unsigned i = 0; i < sequence->nr_calls && end - at > CALL_TEXT_MAX; i++) {
		const struct call *call = &sequence->calls[i];
		const struct kind_row *row = &kinds[call->kind];

		at += snprintf(at, (size_t)(end - at), "%u%s(", call->thread, row->name);
		for (unsigned j = 0; j < row->nr_arguments; j++) {
			at += snprintf(at, (size_t)(end - at), "%s", j ? "," : "");
			at += argument_print(call->arguments[j], at, (size_t)(end - at));
		}
		at += snprintf(at, (size_t)(end - at), call->repeat > 1 ? ")*%x;" : ");",
			       call->repeat);
	}
	return (size_t)(at - text);
}

/* What follows the word at *text, which has moved behind it. */
static bool skip(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len)) {
		return false;
	}
	*text += len;
	return true;
}

static bool hex(const char **text, uint64_t *out)
{
	char *end;

	*out = strtoul(*text, &end, 16);
	if (end == *text || !isxdigit((unsigned char)**text)) {
		return false;
	}
	*text = end;
	return true;
}

static bool argument_parse(const char **text, uint64_t *out)
{
	uint64_t value = 0;

	if (skip(text, "self")) {
		*out = SPECIAL(SPECIAL_SELF, 0);
	} else if (skip(text, "parent")) {
		*out = SPECIAL(SPECIAL_PARENT, 0);
	} else if (skip(text, "r") && hex(text, &value)) {
		*out = SPECIAL(SPECIAL_RESULT, value);
	} else if (skip(text, "k") && hex(text, &value)) {
		*out = SPECIAL(SPECIAL_CANARY, value);
	} else if (skip(text, "x") && hex(text, &value)) {
		*out = SPECIAL(SPECIAL_RANGE, value);
	} else if (skip(text, "y") && hex(text, &value)) {
		*out = SPECIAL(SPECIAL_DIRECT, value);
	} else if (skip(text, "m") && hex(text, &value)) {
		*out = -value;
	} else if (hex(text, &value)) {
		*out = value;
	} else {
		return false;
	}
	return true;
}

static bool call_parse(const char **text, struct call *call)
{
	const char *name = *text + 1;
	size_t len = strcspn(name, "(");
	uint64_t repeat = 1;

	if (**text < '0' || **text >= '0' + THREADS_MAX) {
		return false;
	}
	*call = (struct call){ .kind = (uint8_t)kind_find(name, (unsigned)len),
			       .thread = (uint8_t)(**text - '0') };
	*text = name + len;
	if (call->kind == KIND_NONE || !skip(text, "(")) {
		return false;
	}
	for (unsigned i = 0; i < kinds[call->kind].nr_arguments; i++) {
		if ((i && !skip(text, ",")) || !argument_parse(text, &call->arguments[i])) {
			return false;
		}
	}
	if (!skip(text, ")") || (skip(text, "*") && !hex(text, &repeat)) || repeat > REPEAT_MAX) {
		return false;
	}
	call->repeat = (uint8_t)(repeat ? repeat : 1);
	return skip(text, ";");
}

bool sequence_parse(const char *text, struct sequence *out)
{
	*out = (struct sequence){ 0 };
	for (; *text != '/'; text++) {
		switch (*text) {
		case 'r': out->flags |= SEQUENCE_ROOT; break;
		case 'p': out->flags |= SEQUENCE_PROCESSES; break;
		case 'w': out->flags |= SEQUENCE_WATCHED; break;
		default: return false;
		}
	}
	text++;
	while (*text && *text != '\n' && out->nr_calls < CALLS_MAX) {
		if (!call_parse(&text, &out->calls[out->nr_calls])) {
			return false;
		}
		out->nr_calls++;
	}
	return out->nr_calls > 0;
}

unsigned sequence_nr_threads(const struct sequence *sequence)
{
	unsigned nr = 1;

	for (unsigned i = 0; i < sequence->nr_calls; i++) {
		if (sequence->calls[i].thread >= nr) {
			nr = sequence->calls[i].thread + 1u;
		}
	}
	return nr;
}

bool sequence_has(const struct sequence *sequence, enum how how)
{
	for (unsigned i = 0; i < sequence->nr_calls; i++) {
		if (kinds[sequence->calls[i].kind].how == how) {
			return true;
		}
	}
	return false;
}
