/*
 * A restart: the kernel boots once more, in the machine as it is, from its own image in memory
 * (docs/booting.md). What is said about it must outlive .data and .bss, and lies in two places of
 * the image: boot_info_kept, which the running kernel can only read, and restart_request behind
 * .bss.
 */
#pragma once

#include "core/boot_info.h"
#include "lib/status.h"

enum { RESTART_INPUT_BYTES = 2048 };

/* What the loader said at the first boot; image_place writes it, before the image is mapped. */
extern struct boot_info boot_info_kept;

/*
 * Asks for a command line, and for bytes that are to be as if typed at the console after the
 * restart. EINVAL for a line that is not printable text, ENAMETOOLONG for one that does not fit;
 * input that does not fit is cut off.
 */
status_t restart_ask(const char *line, const char *input, size_t input_len) MUST_CHECK;

/* Replaces the line by the one that was asked for, where a request is whole. */
void restart_line(char *line, size_t size_bytes);
/* The input that was asked for; 0 bytes where there is none. */
size_t restart_input(const char **input);
/* Scrubs the request: what was asked for has been done. */
void restart_forget(void);
