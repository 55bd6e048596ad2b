/* Command lines made of others. */
#include "core/option_line.h"

#include "core/cmdline_token.h"
#include "core/options.h"
#include "lib/format.h"
#include "lib/string.h"

/* NAME of NAME=VALUE; a word that is longer than this names no option. */
enum { NAME_BYTES = 32 };

/* Reads the name of the next word, and the word as it stands. False at the end of the line. */
static bool name_next(const char **line, char name[NAME_BYTES], const char **word, size_t *len)
{
	enum cmdline_token_result result;
	char *equals;

	while (cmdline_is_blank(**line)) {
		(*line)++;
	}
	*word = *line;
	result = cmdline_token_next(line, name, NAME_BYTES);
	*len = (size_t)(*line - *word);
	equals = (char *)strchr(name, '=');
	if (equals) {
		*equals = '\0';
	}
	return result != TOKEN_END;
}

static bool has_name(const char *words, const char *wanted)
{
	char name[NAME_BYTES];
	const char *word;
	size_t len;

	while (name_next(&words, name, &word, &len)) {
		if (!strcmp(name, wanted)) {
			return true;
		}
	}
	return false;
}

status_t option_line_override(const char *line, const char *words, char *out, size_t size_bytes)
{
	char name[NAME_BYTES];
	const char *word;
	size_t len, used = (size_t)format(out, size_bytes, "%s", words);

	while (used < size_bytes && name_next(&line, name, &word, &len)) {
		if (!has_name(words, name)) {
			used += (size_t)format(out + used, size_bytes - used, "%s%.*s",
					       used ? " " : "", (int)len, word);
		}
	}
	return used < size_bytes ? STATUS_OK : STATUS_ENAMETOOLONG;
}
