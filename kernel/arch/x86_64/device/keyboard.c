/*
 * The PS/2 keyboard: scan codes of set 1 to bytes. Source: the 8042 keyboard controller of the IBM
 * PC/AT.
 */
#include "arch/x86_64/device/keyboard.h"

#include "arch/x86_64/cpu/io.h"

enum { PORT_DATA = 0x60, PORT_STATUS = 0x64 };
enum { STATUS_OUTPUT_FULL = 0x01, STATUS_FROM_MOUSE = 0x20, STATUS_ABSENT = 0xff };
enum { CODE_EXTENDED = 0xe0, CODE_PAUSE = 0xe1, CODE_RELEASED = 0x80 };
enum {
	CODE_CONTROL = 0x1d,
	CODE_SHIFT_LEFT = 0x2a,
	CODE_SHIFT_RIGHT = 0x36,
	CODE_CAPS_LOCK = 0x3a,
	CODE_KEYPAD_ENTER = 0x1c,
	CODE_KEYPAD_SLASH = 0x35,
	CODE_DELETE = 0x53
};
enum { ESCAPE = 0x1b };
/* Codes read in one go: a broken controller may always have another. */
enum { CODES_MAX = 64 };

/* Indexed by scan code; 0: no character. */
static const char plain[] = "\0\x1b"
			    "1234567890-=\x7f\t"
			    "qwertyuiop[]\r\0"
			    "asdfghjkl;'`\0"
			    "\\zxcvbnm,./\0"
			    "*\0 \0"
			    "\0\0\0\0\0\0\0\0\0\0"
			    "\0\0"
			    "789-456+1230."
			    "\0\0<";
static const char shifted[] = "\0\x1b"
			      "!@#$%^&*()_+\x7f\t"
			      "QWERTYUIOP{}\r\0"
			      "ASDFGHJKL:\"~\0"
			      "|ZXCVBNM<>?\0"
			      "*\0 \0"
			      "\0\0\0\0\0\0\0\0\0\0"
			      "\0\0"
			      "789-456+1230."
			      "\0\0>";

static struct {
	bool is_shift, is_control, is_caps_lock;
	bool is_extended;    /* the last code was CODE_EXTENDED */
	unsigned nr_skip;    /* codes left of the sequence that the pause key sends */
	const char *pending; /* bytes still to be returned of the last key, up to the NUL */
} keyboard = { .pending = "" };

/* The rest of the sequence after ESC. */
static const char *extended_sequence(uint8_t code)
{
	switch (code) {
	case 0x48: return "[A";
	case 0x50: return "[B";
	case 0x4d: return "[C";
	case 0x4b: return "[D";
	case 0x47: return "[H";
	case 0x4f: return "[F";
	case 0x49: return "[5~";
	case 0x51: return "[6~";
	case 0x52: return "[2~";
	case CODE_DELETE: return "[3~";
	default: return NULL;
	}
}

/* Whether the code is that of a key which only changes what others mean. */
static bool take_modifier(uint8_t code, bool is_pressed)
{
	switch (code) {
	case CODE_SHIFT_LEFT:
	case CODE_SHIFT_RIGHT: keyboard.is_shift = is_pressed; return true;
	case CODE_CONTROL: keyboard.is_control = is_pressed; return true;
	case CODE_CAPS_LOCK: keyboard.is_caps_lock ^= is_pressed; return true;
	default: return false;
	}
}

/* -1: the key has no character. */
static int character(uint8_t code)
{
	bool is_shift = keyboard.is_shift;
	char c;

	if (code >= sizeof(plain) - 1) {
		return -1;
	}
	c = plain[code];
	if (c >= 'a' && c <= 'z') {
		is_shift ^= keyboard.is_caps_lock;
	}
	if (is_shift) {
		c = shifted[code];
	}
	if (c == '\0') {
		return -1;
	}
	if (keyboard.is_control && ((c >= '@' && c <= '_') || (c >= 'a' && c <= 'z'))) {
		c &= 0x1f;
	}
	return c;
}

static int press_extended(uint8_t code)
{
	const char *sequence = extended_sequence(code);

	if (sequence) {
		keyboard.pending = sequence;
		return ESCAPE;
	}
	if (code == CODE_KEYPAD_ENTER) {
		return '\r';
	}
	return code == CODE_KEYPAD_SLASH ? '/' : -1;
}

/* The first byte of what the code means, the rest goes to keyboard.pending; -1: nothing. */
static int take_code(uint8_t raw, uint8_t status)
{
	bool is_extended = keyboard.is_extended;
	bool is_pressed = !(raw & CODE_RELEASED);
	uint8_t code = raw & ~CODE_RELEASED;

	if (status & STATUS_FROM_MOUSE) {
		return -1;
	}
	if (keyboard.nr_skip > 0) {
		keyboard.nr_skip--;
		return -1;
	}
	if (raw == CODE_PAUSE) {
		keyboard.nr_skip = 2;
		return -1;
	}
	keyboard.is_extended = raw == CODE_EXTENDED;
	if (keyboard.is_extended) {
		return -1;
	}
	/* An extended shift code only frames another key. */
	if (is_extended && (code == CODE_SHIFT_LEFT || code == CODE_SHIFT_RIGHT)) {
		return -1;
	}
	if (take_modifier(code, is_pressed) || !is_pressed) {
		return -1;
	}
	return is_extended ? press_extended(code) : character(code);
}

void keyboard_init(void)
{
	for (unsigned i = 0; i < CODES_MAX && io_read8(PORT_STATUS) & STATUS_OUTPUT_FULL; i++) {
		io_read8(PORT_DATA);
	}
}

int keyboard_try_read(void)
{
	if (*keyboard.pending != '\0') {
		return *keyboard.pending++;
	}
	for (unsigned i = 0; i < CODES_MAX; i++) {
		uint8_t status = io_read8(PORT_STATUS);
		int byte;

		if (status == STATUS_ABSENT || !(status & STATUS_OUTPUT_FULL)) {
			return -1;
		}
		byte = take_code(io_read8(PORT_DATA), status);
		if (byte >= 0) {
			return byte;
		}
	}
	return -1;
}
