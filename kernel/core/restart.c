/* What is said about a restart. */
#include "core/restart.h"

#include "lib/assert.h"
#include "lib/string.h"

#define MAGIC 0x6e696167616f6f62ul /* "booagain" */

/* Behind .bss: linker.ld. Believed only where magic, lengths, text and checksum are right. */
extern struct request {
	uint64_t magic, checksum;
	uint32_t line_len, input_len;
	char line[COMMAND_LINE_BYTES];
	char input[RESTART_INPUT_BYTES];
} restart_request;

static_assert(sizeof(struct request) <= 8192, "linker.ld sets that much aside");
static_assert(sizeof(struct boot_info) <= 16384, "and that for boot_info_kept");

/* FNV-1a. Against memory that was not kept, not against whoever writes there on purpose. */
static uint64_t sum(uint64_t checksum, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		checksum = (checksum ^ (uint8_t)bytes[i]) * 0x100000001b3;
	}
	return checksum;
}

static uint64_t checksum_of(const struct request *request)
{
	return sum(sum(0xcbf29ce484222325, request->line, request->line_len), request->input,
		   request->input_len);
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~') {
			return false;
		}
	}
	return true;
}

static bool is_whole(const struct request *request)
{
	return request->magic == MAGIC && request->line_len < sizeof(request->line) &&
	       request->input_len <= sizeof(request->input) &&
	       request->line[request->line_len] == '\0' &&
	       is_printable(request->line, request->line_len) &&
	       request->checksum == checksum_of(request);
}

status_t restart_ask(const char *line, const char *input, size_t input_len)
{
	struct request *request = &restart_request;
	size_t len = strlen(line);

	if (len >= sizeof(request->line)) {
		return STATUS_ENAMETOOLONG;
	}
	if (!is_printable(line, len)) {
		return STATUS_EINVAL;
	}
	request->magic = MAGIC;
	request->line_len = (uint32_t)len;
	request->input_len = (uint32_t)MIN(input_len, sizeof(request->input));
	memcpy(request->line, line, len + 1);
	memcpy(request->input, input, request->input_len);
	request->checksum = checksum_of(request);
	return STATUS_OK;
}

void restart_line(char *line, size_t size_bytes)
{
	if (is_whole(&restart_request)) {
		string_copy(line, restart_request.line, size_bytes);
	}
}

size_t restart_input(const char **input)
{
	*input = restart_request.input;
	return is_whole(&restart_request) ? restart_request.input_len : 0;
}

void restart_forget(void) { memset(&restart_request, 0, sizeof(restart_request)); }
