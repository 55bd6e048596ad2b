/* One load with a way out. */
#include "arch/x86_64/entry/probe.h"

extern char probe_load[], probe_failed[]; /* probe.asm */

bool probe_fixup(struct regs *regs)
{
	if (regs->rip != (uint64_t)probe_load) {
		return false;
	}
	regs->rip = (uint64_t)probe_failed;
	return true;
}
