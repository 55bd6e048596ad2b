/* A pool is destroyed, and a pointer into it is kept and used. */
#include "attack.h"

int main(void)
{
	uint64_t stale = attack_pool_open(), next;

	attack_pool_seal(stale);
	attack_check("vuln_pool_destroy", bw_vuln_pool_destroy(stale));
	next = attack_pool_open();
	attack_pool_seal(next);
	attack_say("a pool at 0x%lx was destroyed, the next one lies at 0x%lx", stale, next);
	attack_overwrite(stale, "where the first one was");
	return attack_finish();
}
