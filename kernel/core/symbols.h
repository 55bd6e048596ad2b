/* Names of kernel text addresses, from the table that tools/gen-symbols.pl puts into the image. */
#pragma once

#include "lib/types.h"

/* Long enough for most; symbol_format cuts what is longer. */
enum { SYMBOL_TEXT_BYTES = 80 };

/*
 * The text symbol at or below the address, and how far behind it the address lies.
 * False outside of the kernel's text, and when the image has no table.
 */
bool symbol_find(uint64_t address, const char **name, uint64_t *offset_bytes);

/* The symbol with this index, by address. False past the last one. */
bool symbol_at(uint32_t index, const char **name, uint64_t *address);

/*
 * "name+0x1c", or the bare address where there is no name. Returns buffer. size_bytes is at least
 * 1.
 */
const char *symbol_format(char *buffer, size_t size_bytes, uint64_t address);
