/*
 * The console: COM1 and the keyboard in, COM1 and the screen out, one line discipline between them
 * and programs. Nothing here blocks; a reader that would have to wait is told so, and waits in
 * console_readers.
 */
#pragma once

#include "task/console/terminal.h"
#include "task/sched/wait.h"

/* Requests of the ioctl system call, numbers of Linux. */
enum console_request {
	CONSOLE_SETTINGS_GET = 0x5401,       /* TCGETS */
	CONSOLE_SETTINGS_SET = 0x5402,       /* TCSETS */
	CONSOLE_SETTINGS_SET_DRAIN = 0x5403, /* TCSETSW: output never waits, so the same */
	CONSOLE_SETTINGS_SET_FLUSH = 0x5404, /* TCSETSF */
	CONSOLE_SIZE_GET = 0x5413,           /* TIOCGWINSZ */
};

/* Linux's struct winsize. */
struct console_size {
	uint16_t rows, columns;
	uint16_t width_pixels, height_pixels; /* 0: not known */
};

/* Threads that wait for something to read, or for the console to be their job's. */
extern struct wait_queue console_readers;

/* They look again. */
void console_wake_readers(void);

/* The process that the interrupt key ends; 0: none. */
void console_foreground_set(uint32_t pid);

void console_init(void);

/* Takes what the serial line and the keyboard have: from their interrupts, or from the timer's. */
void console_poll(void);

/* As terminal_read. */
size_t console_read_try(char *buffer, size_t size_bytes, bool *would_block);

bool console_is_readable(void);
/* As terminal_skip_end. */
void console_skip_end(void);

/*
 * Waits until nothing arrives any more, for a bounded time, and takes all that was typed and not
 * read, of at most size_bytes.
 */
size_t console_take_input(char *buffer, size_t size_bytes);
/* As terminal_type_ahead. */
void console_type_ahead(const char *text, size_t len_bytes);

/*
 * Waits, for a bounded time, for the serial line. Keeps nothing of the text. False: the console is
 * another job's, and nothing was written.
 */
bool console_write(const char *text, size_t len_bytes);
/* Between the two nothing is written: the witness changes whose the console is. */
void console_hold(void);
void console_let_go(void);

void console_settings_get(struct terminal_settings *out);
/* Output flags in `kept` stay as they are. */
void console_settings_set(const struct terminal_settings *settings, enum settings_flush flush,
			  uint32_t kept);
void console_size_get(struct console_size *out);
