/* What the attacks on sealed memory share. */
#include "attack.h"

#define OTHER_VALUE 0x0bad0bad0bad0badul

void attack_sealed(struct bw_sealed *sealed)
{
	long status = bw_vuln_sealed(sealed);

	attack_check("vuln_sealed", status);
	if (status < 0) {
		attack_skip("the kernel does not say where sealed memory is");
	}
}

uint64_t attack_pool_open(void)
{
	uint64_t object = 0;
	long status = bw_vuln_pool_open(&object);

	attack_check("vuln_pool_open", status);
	if (status < 0) {
		attack_skip("no pool to be had");
	}
	return object;
}

void attack_pool_seal(uint64_t object)
{
	long status = bw_vuln_pool_seal(object);

	attack_check("vuln_pool_seal", status);
	if (status < 0) {
		attack_skip("the pool cannot be sealed");
	}
}

void attack_overwrite(uint64_t address, const char *what)
{
	attack_say("writing to %s at 0x%lx", what, address);
	attack_check("vuln_write", bw_vuln_write(address, OTHER_VALUE));
}
