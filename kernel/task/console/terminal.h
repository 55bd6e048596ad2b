/*
 * The line discipline of a terminal: what becomes of typed bytes before a program reads them, and
 * of written ones before they are shown. The settings have the layout and meaning of Linux's
 * termios. No locks: the caller's.
 */
#pragma once

#include "abi/bulwark.h"
#include "lib/assert.h"
#include "lib/types.h"

enum { SETTINGS_KEYS = 19, TERMINAL_INPUT_MAX = 1024, TERMINAL_QUOTED_MAX = 2048 };

struct terminal_settings {
	uint32_t input;              /* enum input_flag */
	uint32_t output;             /* enum output_flag */
	uint32_t control;            /* kept, without effect */
	uint32_t local;              /* enum local_flag */
	uint8_t line;                /* kept, without effect */
	uint8_t keys[SETTINGS_KEYS]; /* indexed by enum key; 0: none */
};
static_assert(sizeof(struct terminal_settings) == 36, "Linux's struct termios as TCGETS fills it");

enum input_flag {
	INPUT_NL_TO_CR = 0x40,
	INPUT_IGNORE_CR = 0x80,
	INPUT_CR_TO_NL = 0x100,
	INPUT_UTF8 = 0x4000
};
enum output_flag {
	OUTPUT_PROCESS = 0x01,
	OUTPUT_NL_TO_CRNL = 0x04,
	OUTPUT_QUOTED = BW_OUTPUT_QUOTED
};
enum local_flag {
	LOCAL_SIGNALS = 0x01,
	LOCAL_LINES = 0x02,
	LOCAL_ECHO = 0x08,
	LOCAL_ECHO_ERASE = 0x10,
	LOCAL_ECHO_KILL = 0x20,
	LOCAL_ECHO_NL = 0x40,
	LOCAL_KEEP_INPUT = 0x80,
	LOCAL_ECHO_CONTROL = 0x200,
	LOCAL_KILL_ERASES = 0x800,
	LOCAL_EXTENDED = 0x8000,
};
enum key {
	KEY_INTERRUPT = 0,
	KEY_QUIT = 1,
	KEY_ERASE = 2,
	KEY_KILL = 3,
	KEY_END_OF_FILE = 4,
	KEY_MINIMUM = 6,
	KEY_END_OF_LINE = 11,
	KEY_ERASE_WORD = 14,
};

struct terminal {
	struct terminal_settings settings;
	void (*emit)(const char *text, size_t len_bytes);

	/*
	 * Typed bytes, or INPUT_END where end-of-file was typed. Counters run freely, modulo the
	 * size they are indices: next_read <= nr_ready <= nr_typed <= next_read +
	 * TERMINAL_INPUT_MAX. What lies between nr_ready and nr_typed is a line that can still be
	 * edited. Read slots are zeroed.
	 */
	uint16_t typed[TERMINAL_INPUT_MAX];
	uint32_t next_read, nr_ready, nr_typed;

	uint32_t nr_quoted; /* written bytes since OUTPUT_QUOTED was set */
};

enum terminal_event { TERMINAL_QUIET, TERMINAL_READABLE, TERMINAL_INTERRUPT };

/* Lines, echo, signals: the settings of a fresh Linux terminal. */
void terminal_init(struct terminal *terminal, void (*emit)(const char *text, size_t len_bytes));

/*
 * One typed byte. READABLE: there is something to read now; INTERRUPT: the interrupt key was typed.
 */
enum terminal_event terminal_input(struct terminal *terminal, uint8_t byte);

/*
 * Takes at most size_bytes, in line mode at most the rest of one line. 0 with *would_block: nothing
 * is there yet; 0 without: end of file.
 */
size_t terminal_read(struct terminal *terminal, char *buffer, size_t size_bytes, bool *would_block);
/* Is there something to read? */
static inline bool terminal_is_readable(const struct terminal *terminal)
{
	return terminal->next_read != terminal->nr_ready;
}

/*
 * For a reader whose buffer was filled by the beginning of a line: where only the end-of-file key
 * follows, which ended that line, it is taken too, so that the next read does not find an end of
 * file.
 */
void terminal_skip_end(struct terminal *terminal);

/*
 * Takes what was typed and not read, finished lines or not, and nothing is left: at most size_bytes
 * of it.
 */
size_t terminal_take(struct terminal *terminal, char *buffer, size_t size_bytes);
/* Bytes as if typed, without an echo: a terminal's user sees them when they are read. */
void terminal_type_ahead(struct terminal *terminal, const char *text, size_t len_bytes);

/*
 * With OUTPUT_QUOTED the text is shown as the inside of a JSON string, a byte a character, and cut
 * off after TERMINAL_QUOTED_MAX bytes.
 */
void terminal_write(struct terminal *terminal, const char *text, size_t len_bytes);

enum settings_flush { SETTINGS_KEEP_INPUT, SETTINGS_DROP_INPUT };
void terminal_set(struct terminal *terminal, const struct terminal_settings *settings,
		  enum settings_flush flush);
