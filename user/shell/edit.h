/* Reading one line from whoever is there: with editing at a terminal, plainly elsewhere. */
#pragma once

#include <stddef.h>

enum edit_result {
	EDIT_LINE,        /* there is a line */
	EDIT_INTERRUPTED, /* Ctrl-C: there is none, but there may be more */
	EDIT_END,         /* end of file, or Ctrl-D on an empty line */
};

/* Blocks. Prompts where a person reads, and reads a line, without its line end. */
enum edit_result edit_read(const char *prompt, char *text, size_t size_bytes);
