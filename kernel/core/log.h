/*
 * Kernel messages: to the serial console and the screen, or to COM2 with log=com2. Safe from every
 * context, panic included. Until log_start they are only kept: where they belong is not known
 * before.
 */
#pragma once

#include "lib/types.h"

/* One message of at most 511 bytes; the rest is cut off. */
void log_print(const char *format, ...) PRINTF_LIKE(1, 2);
/* len_bytes of text, unformatted */
void log_write(const char *text, size_t len_bytes);
/*
 * prefix, text and \n as one line that nothing cuts into. It is for programs: wherever messages go,
 * it goes to COM2 alone.
 */
void log_record(const char *prefix, const char *text);

/* Call after serial_init and options_parse: from here on options.log says where messages go. */
void log_start(void);
/* Call once the screen works: shows the messages so far. */
void log_screen_ready(void);
/* For panic: without log_start, messages go to both serial ports from here on. */
void log_start_emergency(void);
/* Waits until every message has left the machine. */
void log_drain(void);

/*
 * Around other output to the ports or the screen, so that lines of several CPUs do not cut into
 * each other. Takes the last lock there is; does nothing in an emergency.
 */
void log_output_begin(void);
void log_output_end(void);
