/* The line discipline of a terminal. Source: POSIX.1-2017, "General Terminal Interface". */
#include "task/console/terminal.h"

#include "lib/string.h"

enum { INPUT_END = 0x100, CONTROL = 0x40, DELETE = 0x7f };

static const struct terminal_settings fresh_settings = {
	.input = INPUT_CR_TO_NL | INPUT_UTF8,
	.output = OUTPUT_PROCESS | OUTPUT_NL_TO_CRNL,
	.control = 0x10b2, /* 115200 baud, 8 bits, receiver on */
	.local = LOCAL_SIGNALS | LOCAL_LINES | LOCAL_ECHO | LOCAL_ECHO_ERASE | LOCAL_ECHO_KILL |
	         LOCAL_ECHO_CONTROL | LOCAL_KILL_ERASES | LOCAL_EXTENDED,
	.keys = {
		[KEY_INTERRUPT] = 'C' - CONTROL, [KEY_QUIT] = '\\' - CONTROL, [KEY_ERASE] = DELETE,
		[KEY_KILL] = 'U' - CONTROL, [KEY_END_OF_FILE] = 'D' - CONTROL, [KEY_MINIMUM] = 1,
		[KEY_ERASE_WORD] = 'W' - CONTROL,
	},
};

void terminal_init(struct terminal *terminal, void (*emit)(const char *text, size_t len_bytes))
{
	memset(terminal, 0, sizeof(*terminal));
	terminal->settings = fresh_settings;
	terminal->emit = emit;
}

static bool has_local(const struct terminal *terminal, enum local_flag flag)
{
	return terminal->settings.local & flag;
}

static bool is_key(const struct terminal *terminal, enum key key, uint8_t byte)
{
	return byte != 0 && terminal->settings.keys[key] == byte;
}

static uint16_t *slot(struct terminal *terminal, uint32_t counter)
{
	return &terminal->typed[counter % TERMINAL_INPUT_MAX];
}

/* The byte as JSON writes it in a string; the length, 0 where it stands for itself. */
static size_t quote(uint8_t byte, char escape[6])
{
	static const char digits[] = "0123456789abcdef";

	if (byte == '"' || byte == '\\' || byte == '\n') {
		memcpy(escape, (char[]){ '\\', byte == '\n' ? 'n' : (char)byte }, 2);
		return 2;
	}
	if (byte >= ' ' && byte < DELETE) {
		return 0;
	}
	memcpy(escape, "\\u00", 4);
	escape[4] = digits[byte >> 4];
	escape[5] = digits[byte & 15];
	return 6;
}

static void write_quoted(struct terminal *terminal, const char *text, size_t len_bytes)
{
	size_t start = 0, end = MIN(len_bytes, TERMINAL_QUOTED_MAX - terminal->nr_quoted);
	char escape[6];

	for (size_t i = 0; i < end; i++) {
		size_t len = quote((uint8_t)text[i], escape);

		if (len > 0) {
			terminal->emit(text + start, i - start);
			terminal->emit(escape, len);
			start = i + 1;
		}
	}
	terminal->emit(text + start, end - start);
	terminal->nr_quoted += (uint32_t)end;
}

void terminal_write(struct terminal *terminal, const char *text, size_t len_bytes)
{
	uint32_t both = OUTPUT_PROCESS | OUTPUT_NL_TO_CRNL;
	size_t start = 0;

	if (terminal->settings.output & OUTPUT_QUOTED) {
		write_quoted(terminal, text, len_bytes);
		return;
	}
	if ((terminal->settings.output & both) != both) {
		terminal->emit(text, len_bytes);
		return;
	}
	for (size_t i = 0; i < len_bytes; i++) {
		if (text[i] == '\n') {
			terminal->emit(text + start, i - start);
			terminal->emit("\r\n", 2);
			start = i + 1;
		}
	}
	if (start < len_bytes) {
		terminal->emit(text + start, len_bytes - start);
	}
}

/* A tab shows as a space, so that erasing it needs no column. */
static unsigned columns_of(const struct terminal *terminal, uint8_t byte)
{
	if (byte >= 0x80 && byte < 0xc0) {
		return 0; /* continues a UTF-8 character */
	}
	if ((byte < ' ' && byte != '\t') || byte == DELETE) {
		return has_local(terminal, LOCAL_ECHO_CONTROL) ? 2 : 0;
	}
	return 1;
}

static void echo(struct terminal *terminal, uint8_t byte)
{
	char text[2] = { (char)byte };
	size_t len = 1;

	if (byte == '\n') {
		if (has_local(terminal, LOCAL_ECHO) || has_local(terminal, LOCAL_ECHO_NL)) {
			terminal_write(terminal, "\n", 1);
		}
		return;
	}
	if (!has_local(terminal, LOCAL_ECHO)) {
		return;
	}
	if (byte == '\t' && has_local(terminal, LOCAL_LINES)) {
		text[0] = ' ';
	} else if (columns_of(terminal, byte) == 2) {
		text[0] = '^';
		text[1] = (char)(byte ^ CONTROL);
		len = 2;
	}
	terminal_write(terminal, text, len);
}

static void drop_input(struct terminal *terminal)
{
	memset(terminal->typed, 0, sizeof(terminal->typed));
	terminal->next_read = terminal->nr_ready = terminal->nr_typed = 0;
}

/* The last byte of the line that is being edited; false when it is empty. */
static bool last_byte(struct terminal *terminal, uint8_t *byte)
{
	if (terminal->nr_typed == terminal->nr_ready) {
		return false;
	}
	*byte = (uint8_t)*slot(terminal, terminal->nr_typed - 1);
	return true;
}

/* Takes back the last character, all bytes of it. False when the line is empty. */
static bool erase_character(struct terminal *terminal)
{
	bool shows = has_local(terminal, LOCAL_ECHO) && has_local(terminal, LOCAL_ECHO_ERASE);
	unsigned columns = 0;
	uint8_t byte;

	if (!last_byte(terminal, &byte)) {
		return false;
	}
	do {
		*slot(terminal, --terminal->nr_typed) = 0;
		columns = columns_of(terminal, byte);
	} while (byte >= 0x80 && byte < 0xc0 && last_byte(terminal, &byte));
	while (shows && columns-- > 0) {
		terminal_write(terminal, "\b \b", 3);
	}
	return true;
}

static void erase_word(struct terminal *terminal)
{
	uint8_t byte;

	while (last_byte(terminal, &byte) && byte == ' ') {
		erase_character(terminal);
	}
	while (last_byte(terminal, &byte) && byte != ' ') {
		erase_character(terminal);
	}
}

static void kill_line(struct terminal *terminal)
{
	bool shows_end =
		has_local(terminal, LOCAL_ECHO_KILL) && !has_local(terminal, LOCAL_KILL_ERASES);

	while (erase_character(terminal)) {}
	if (shows_end) {
		echo(terminal, '\n');
	}
}

/* Whether the byte edits the line and is gone with that. */
static bool edit_line(struct terminal *terminal, uint8_t byte)
{
	if (is_key(terminal, KEY_ERASE, byte)) {
		erase_character(terminal);
	} else if (is_key(terminal, KEY_KILL, byte)) {
		kill_line(terminal);
	} else if (is_key(terminal, KEY_ERASE_WORD, byte) && has_local(terminal, LOCAL_EXTENDED)) {
		erase_word(terminal);
	} else {
		return false;
	}
	return true;
}

static enum terminal_event input_to_line(struct terminal *terminal, uint8_t byte)
{
	bool is_end = is_key(terminal, KEY_END_OF_FILE, byte);
	bool ends_line = is_end || byte == '\n' || is_key(terminal, KEY_END_OF_LINE, byte);
	uint32_t room = TERMINAL_INPUT_MAX - (terminal->nr_typed - terminal->next_read);

	if (edit_line(terminal, byte)) {
		return TERMINAL_QUIET;
	}
	/* The last slot is kept for the end of the line. */
	if (room == 0 || (room == 1 && !ends_line)) {
		terminal_write(terminal, "\a", 1);
		return TERMINAL_QUIET;
	}
	*slot(terminal, terminal->nr_typed++) = is_end ? INPUT_END : byte;
	if (!is_end) {
		echo(terminal, byte);
	}
	if (!ends_line) {
		return TERMINAL_QUIET;
	}
	terminal->nr_ready = terminal->nr_typed;
	return TERMINAL_READABLE;
}

static enum terminal_event input_raw(struct terminal *terminal, uint8_t byte)
{
	if (terminal->nr_typed - terminal->next_read == TERMINAL_INPUT_MAX) {
		return TERMINAL_QUIET;
	}
	*slot(terminal, terminal->nr_typed++) = byte;
	terminal->nr_ready = terminal->nr_typed;
	echo(terminal, byte);
	return TERMINAL_READABLE;
}

enum terminal_event terminal_input(struct terminal *terminal, uint8_t byte)
{
	uint32_t flags = terminal->settings.input;

	if (has_local(terminal, LOCAL_SIGNALS) &&
	    (is_key(terminal, KEY_INTERRUPT, byte) || is_key(terminal, KEY_QUIT, byte))) {
		if (!has_local(terminal, LOCAL_KEEP_INPUT)) {
			drop_input(terminal);
		}
		echo(terminal, byte);
		echo(terminal, '\n');
		return TERMINAL_INTERRUPT;
	}
	if (byte == '\r') {
		if (flags & INPUT_IGNORE_CR) {
			return TERMINAL_QUIET;
		}
		byte = flags & INPUT_CR_TO_NL ? '\n' : '\r';
	} else if (byte == '\n' && flags & INPUT_NL_TO_CR) {
		byte = '\r';
	}
	return has_local(terminal, LOCAL_LINES) ? input_to_line(terminal, byte)
						: input_raw(terminal, byte);
}

size_t terminal_read(struct terminal *terminal, char *buffer, size_t size_bytes, bool *would_block)
{
	bool by_line = has_local(terminal, LOCAL_LINES);
	size_t len = 0;

	*would_block = size_bytes > 0 && terminal->next_read == terminal->nr_ready &&
		       (by_line || terminal->settings.keys[KEY_MINIMUM] > 0);
	while (len < size_bytes && terminal->next_read != terminal->nr_ready) {
		uint16_t typed = *slot(terminal, terminal->next_read);

		*slot(terminal, terminal->next_read++) = 0;
		if (typed == INPUT_END) {
			break;
		}
		buffer[len++] = (char)typed;
		if (by_line &&
		    (typed == '\n' || is_key(terminal, KEY_END_OF_LINE, (uint8_t)typed))) {
			break;
		}
	}
	return len;
}

void terminal_skip_end(struct terminal *terminal)
{
	uint16_t *next = slot(terminal, terminal->next_read);

	if (terminal->next_read != terminal->nr_ready && *next == INPUT_END) {
		*next = 0;
		terminal->next_read++;
	}
}

size_t terminal_take(struct terminal *terminal, char *buffer, size_t size_bytes)
{
	size_t len = 0;

	for (uint32_t at = terminal->next_read; at != terminal->nr_typed && len < size_bytes;
	     at++) {
		uint16_t typed = *slot(terminal, at);

		if (typed != INPUT_END) {
			buffer[len++] = (char)typed;
		}
	}
	drop_input(terminal);
	return len;
}

void terminal_type_ahead(struct terminal *terminal, const char *text, size_t len_bytes)
{
	uint32_t local = terminal->settings.local;

	terminal->settings.local &= ~(uint32_t)(LOCAL_ECHO | LOCAL_ECHO_NL);
	for (size_t i = 0; i < len_bytes; i++) {
		(void)terminal_input(terminal, (uint8_t)text[i]);
	}
	terminal->settings.local = local;
}

void terminal_set(struct terminal *terminal, const struct terminal_settings *settings,
		  enum settings_flush flush)
{
	if (!(terminal->settings.output & OUTPUT_QUOTED)) {
		terminal->nr_quoted = 0;
	}
	terminal->settings = *settings;
	if (flush == SETTINGS_DROP_INPUT) {
		drop_input(terminal);
	}
	if (!has_local(terminal, LOCAL_LINES)) {
		terminal->nr_ready = terminal->nr_typed;
	}
}
