/* Has the kernel map the frame of sealed memory anew, and writes through that. */
#include "attack.h"

#define OTHER_VALUE 0x0bad0bad0bad0badul

int main(void)
{
	struct bw_sealed sealed;
	const struct bw_sealed_object *target = &sealed.of_mode[BW_SEALED_RO];

	attack_sealed(&sealed);
	attack_say("mapping frame 0x%lx, which is sealed", target->pfn);
	attack_check("vuln_kmap_write",
		     bw_vuln_kmap_write(target->pfn, target->object % BW_PAGE_SIZE, OTHER_VALUE));
	return attack_finish();
}
