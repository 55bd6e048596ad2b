/* Words and complaints of the policy's text. */
#include "task/authority/policy_scan.h"

#include "lib/format.h"
#include "lib/string.h"

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_' || byte == '-' || byte == '.';
}

bool scan_is_end(const struct scanner *scanner)
{
	return scanner->offset == scanner->text.len_bytes;
}

static char peek(const struct scanner *scanner) { return scanner->text.at[scanner->offset]; }

static void advance(struct scanner *scanner)
{
	scanner->offset++;
	scanner->column++;
}

status_t scan_fail(struct scanner *scanner, unsigned column, const char *format, ...)
{
	va_list arguments;

	scanner->error->line = scanner->line;
	scanner->error->column = column;
	va_start(arguments, format);
	(void)format_va(scanner->error->message, sizeof(scanner->error->message), format,
			arguments);
	va_end(arguments);
	return STATUS_EINVAL;
}

status_t scan_fail_at(struct scanner *scanner, const struct word *word, const char *what)
{
	return scan_fail(scanner, word->column, "%s '%.*s'", what,
			 (int)MIN(word->len_bytes, (size_t)POLICY_NAME_BYTES), word->at);
}

status_t scan_no_memory(struct scanner *scanner, const struct word *word)
{
	scanner->error->line = scanner->line;
	scanner->error->column = word->column;
	string_copy(scanner->error->message, "no memory", sizeof(scanner->error->message));
	return STATUS_ENOMEM;
}

bool word_is(const struct word *word, const char *text)
{
	return strlen(text) == word->len_bytes && !strncmp(word->at, text, word->len_bytes);
}

/* A byte that belongs nowhere; what it is often meant for is said. */
static status_t fail_at_byte(struct scanner *scanner, char byte)
{
	const char *hint = byte == '/'    ? ": a program is named without its folder"
			   : byte == ','  ? ": words are separated by blanks"
			   : byte == '\r' ? ": a line ends with a line feed alone"
					  : "";

	if (byte > ' ' && byte <= '~') {
		return scan_fail(scanner, scanner->column, "unexpected '%c'%s", byte, hint);
	}
	return scan_fail(scanner, scanner->column, "unexpected byte 0x%02x%s", (uint8_t)byte, hint);
}

status_t scan_word(struct scanner *scanner, struct word *out)
{
	while (!scan_is_end(scanner) && (peek(scanner) == ' ' || peek(scanner) == '\t')) {
		advance(scanner);
	}
	if (!scan_is_end(scanner) && peek(scanner) == '#') {
		while (!scan_is_end(scanner) && peek(scanner) != '\n') {
			advance(scanner);
		}
	}
	*out = (struct word){ scanner->text.at + scanner->offset, 0, scanner->column };
	if (!scan_is_end(scanner) && peek(scanner) == '@') {
		advance(scanner);
		out->len_bytes++;
	}
	while (!scan_is_end(scanner) && is_name_byte(peek(scanner))) {
		advance(scanner);
		out->len_bytes++;
	}
	if (scan_is_end(scanner) || peek(scanner) == '\n' || peek(scanner) == ' ' ||
	    peek(scanner) == '\t' || (peek(scanner) == '#' && out->len_bytes)) {
		return STATUS_OK;
	}
	return fail_at_byte(scanner, peek(scanner));
}

status_t scan_wanted(struct scanner *scanner, const char *what, struct word *out)
{
	status_t status = scan_word(scanner, out);

	if (status == STATUS_OK && !out->len_bytes) {
		return scan_fail(scanner, out->column, "expected %s", what);
	}
	return status;
}

status_t scan_line_end(struct scanner *scanner)
{
	struct word word;
	status_t status = scan_word(scanner, &word);

	return status == STATUS_OK && word.len_bytes
		       ? scan_fail_at(scanner, &word, "expected the end of the line, not")
		       : status;
}

void scan_line_next(struct scanner *scanner)
{
	while (!scan_is_end(scanner) && peek(scanner) != '\n') {
		advance(scanner);
	}
	if (!scan_is_end(scanner)) {
		scanner->offset++;
		scanner->line++;
		scanner->column = 1;
	}
}
