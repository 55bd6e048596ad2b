/*
 * Explains exceptions other than page faults. The processor says less about them: what it will have
 * refused is looked for in the registers.
 */
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/entry/probe.h"
#include "lib/format.h"
#include "mm/table/layout.h"
#include "mm/watch/explain.h"

static const struct {
	const char *name;
	size_t offset;
} pointers[] = {
#define POINTER(name) #name, offsetof(struct regs, name)
	{ POINTER(rip) }, { POINTER(rsp) }, { POINTER(rbp) }, { POINTER(rdi) }, { POINTER(rsi) },
	{ POINTER(rax) }, { POINTER(rdx) }, { POINTER(rcx) }, { POINTER(rbx) }, { POINTER(r8) },
	{ POINTER(r9) },  { POINTER(r10) }, { POINTER(r11) }, { POINTER(r12) }, { POINTER(r13) },
	{ POINTER(r14) }, { POINTER(r15) },
#undef POINTER
};

/* The first register that holds no canonical address, in the order of suspicion. */
static bool find_non_canonical(const struct regs *regs, const char **name, uint64_t *value)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pointers); i++) {
		*name = pointers[i].name;
		*value = *(const uint64_t *)((const char *)regs + pointers[i].offset);
		if (!address_is_canonical(*value)) {
			return true;
		}
	}
	return false;
}

/* Instructions that go on at an address from the stack. */
enum { OPCODE_RET = 0xc3, OPCODE_IRETQ = 0xcf48, OPCODE_BITS = 0xffff };

/* probe_read has a way out of page faults, and of no other exception. */
static bool read_kernel(uint64_t address, uint64_t *out)
{
	return address >= KERNEL_HALF && address + sizeof(*out) > address &&
	       probe_read(address, out);
}

/* The instruction at rip is one of those, and its stack can be read: where it was to go on. */
static bool explain_return(const struct regs *regs, struct explanation *out)
{
	uint64_t opcode, rip, cs = 0;

	if (!read_kernel(regs->rip, &opcode) || !read_kernel(regs->rsp, &rip)) {
		return false;
	}
	if ((opcode & OPCODE_BITS) == OPCODE_IRETQ && read_kernel(regs->rsp + sizeof(rip), &cs)) {
		format(out->reason, sizeof(out->reason),
		       "iret was to go on at 0x%lx with selector 0x%lx: the processor refused", rip,
		       cs);
		return true;
	}
	if ((uint8_t)opcode == OPCODE_RET && !address_is_canonical(rip)) {
		format(out->reason, sizeof(out->reason),
		       "ret was to go on at 0x%lx, which is not canonical", rip);
		return true;
	}
	return false;
}

/* VECTOR_GENERAL_PROTECTION, and its like for the stack. */
static void explain_protection(pfn_t root, const struct regs *regs, struct explanation *out)
{
	const char *name;
	uint64_t value;

	if (explain_return(regs, out)) {
		return;
	}
	if (regs->error) {
		format(out->reason, sizeof(out->reason), "the processor refused selector 0x%lx",
		       regs->error);
	} else if (find_non_canonical(regs, &name, &value)) {
		explain_address(root, value, out);
		format(out->reason, sizeof(out->reason),
		       "%s holds 0x%lx, which is not canonical: no such address exists", name,
		       value);
	} else {
		format(out->reason, sizeof(out->reason),
		       "the processor refused the instruction or its operands");
	}
}

void explain_exception(pfn_t root, const struct regs *regs, struct explanation *out)
{
	explain_address(root, regs->rip, out);
	switch (regs->vector) {
	case VECTOR_STACK:
	case VECTOR_GENERAL_PROTECTION: explain_protection(root, regs, out); break;
	case VECTOR_UNDEFINED:
		format(out->reason, sizeof(out->reason), "the bytes at rip are no instruction");
		break;
	default:
		format(out->reason, sizeof(out->reason),
		       "no address is concerned: the instruction itself raised it");
	}
}
