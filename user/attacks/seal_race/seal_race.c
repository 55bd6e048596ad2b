/*
 * One processor has a writable translation of an open pool in its TLB, and stays in the kernel
 * while another seals the pool. Then it writes.
 */
#include "attack.h"

#define OTHER_VALUE 0x0bad0bad0bad0badul
enum { CPU_OF_SEALER, CPU_OF_WRITER, NR_CPUS };

static uint64_t object;
static attack_stage stage;

static void writer(void *unused)
{
	(void)unused;
	attack_check("vuln_write_parked", bw_vuln_write_parked(object, OTHER_VALUE));
	attack_tell(&stage, 1);
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_SEALER);
	object = attack_pool_open();
	attack_thread(CPU_OF_WRITER, writer, NULL);
	attack_await_parked(1);
	attack_say("CPU %d has written to the open pool at 0x%lx, and waits in the kernel",
		   CPU_OF_WRITER, object);
	attack_pool_seal(object);
	attack_say("CPU %d has sealed it; CPU %d writes again", CPU_OF_SEALER, CPU_OF_WRITER);
	bw_vuln_unpark(true);
	attack_await(&stage, 1, AWAIT_YIELD);
	return attack_finish();
}
