/* The exception table: pairs of 32-bit offsets (instruction, fix-up), each from its own word,
 * collected by the linker. */
#include "arch/x86_64/entry/extable.h"

struct extable_entry {
	int32_t instruction, fixup; /* relative to the field's own address */
};

extern const struct extable_entry extable_start[], extable_end[];

static uint64_t target(const int32_t *field) { return (uint64_t)field + (int64_t)*field; }

bool extable_fixup(struct regs *regs)
{
	for (const struct extable_entry *entry = extable_start; entry < extable_end; entry++) {
		if (target(&entry->instruction) == regs->rip) {
			regs->rip = target(&entry->fixup);
			return true;
		}
	}
	return false;
}
