/* Names of kernel text addresses: a binary search in the table of the image. */
#include "core/symbols.h"

#include "lib/format.h"

struct symbol {
	uint32_t offset;      /* of the address, from image_start */
	uint32_t name_offset; /* of the name, from the first name */
};

/* Written by tools/gen-symbols.pl. */
struct table {
	uint32_t nr_symbols;
	struct symbol symbols[]; /* by offset, ascending; then the names, each ended by NUL */
};

extern const struct table symbols_table;
extern char image_start[], text_end[]; /* linker.ld */

bool symbol_at(uint32_t index, const char **name, uint64_t *address)
{
	const struct symbol *symbols = symbols_table.symbols;

	if (index >= symbols_table.nr_symbols) {
		return false;
	}
	*name = (const char *)&symbols[symbols_table.nr_symbols] + symbols[index].name_offset;
	*address = (uintptr_t)image_start + symbols[index].offset;
	return true;
}

bool symbol_find(uint64_t address, const char **name, uint64_t *offset_bytes)
{
	const struct symbol *symbols = symbols_table.symbols;
	const char *names = (const char *)&symbols[symbols_table.nr_symbols];
	uint64_t offset = address - (uintptr_t)image_start;
	uint32_t low = 0;
	uint32_t high = symbols_table.nr_symbols;

	if (address < (uintptr_t)image_start || address >= (uintptr_t)text_end) {
		return false;
	}
	/* Everything below low is at or below the address, everything from high on is above it. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (symbols[middle].offset <= offset) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0) {
		return false;
	}
	*name = names + symbols[low - 1].name_offset;
	*offset_bytes = offset - symbols[low - 1].offset;
	return true;
}

const char *symbol_format(char *buffer, size_t size_bytes, uint64_t address)
{
	const char *name;
	uint64_t offset;

	if (symbol_find(address, &name, &offset)) {
		format(buffer, size_bytes, "%s+%#lx", name, offset);
	} else {
		format(buffer, size_bytes, "%#lx", address);
	}
	return buffer;
}
