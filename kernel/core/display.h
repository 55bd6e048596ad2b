/*
 * What a person sees: COM1 and the screen show the same text, of the kernel and of programs. The
 * lock is that of the log: log_output_begin and log_output_end stand around each call.
 */
#pragma once

#include "lib/types.h"

/* As options.console and options.cmd say. Until then text passes as it is. */
void display_init(void);

void display_write(const char *text, size_t len_bytes);
/* For what COM1 had before there was a screen. */
void display_write_screen(const char *text, size_t len_bytes);

/*
 * What ends a line on a serial port: a terminal wants \r\n; where a command was given, a program
 * reads, and has no use for the \r.
 */
const char *display_line_end(void);
