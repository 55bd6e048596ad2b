/* The terminal: raw and cooked mode, its width, and the keys it sends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Keys that are not plain bytes; plain bytes, control characters among them, stand for themselves.
 */
enum {
	KEY_END_OF_FILE = 0x100,
	KEY_UP,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_UNKNOWN,
};

/* True where both ends are a terminal that moves its cursor when told: line editing works. */
bool terminal_can_edit(void);
/* True where a person reads: a prompt is of use. */
bool terminal_is_interactive(void);

/* Keys one by one, no echo; false, and nothing changes, where the terminal refuses. */
bool terminal_raw(void);
/* Undoes terminal_raw. */
void terminal_cooked(void);

/* Blocks. The next key, in raw mode. */
int terminal_key(void);
size_t terminal_width(void);
void terminal_write(const char *bytes, size_t nr_bytes);
