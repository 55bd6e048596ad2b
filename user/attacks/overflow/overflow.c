/* Writes past the end of an open pool, word by word, on and on into the sealed one behind it. */
#include "attack.h"

#define OTHER_VALUE 0x0bad0bad0bad0badul
enum { DISTANCE_MAX = 4 * BW_PAGE_SIZE };

int main(void)
{
	uint64_t open = attack_pool_open(), sealed = attack_pool_open();

	if (sealed - open > DISTANCE_MAX) {
		attack_skip("the two pools do not lie next to each other");
	}
	attack_pool_seal(sealed);
	attack_say("writing from 0x%lx, in an open pool, on towards 0x%lx, which is sealed",
		   open + BW_SEALED_BYTES, sealed);
	for (uint64_t at = open + BW_SEALED_BYTES; at <= sealed; at += sizeof(uint64_t)) {
		attack_check("vuln_write", bw_vuln_write(at, OTHER_VALUE));
	}
	return attack_finish();
}
