/* Stores to sealed memory through its synonym in the direct map. */
#include "attack.h"

int main(void)
{
	struct bw_sealed sealed;
	const struct bw_sealed_object *target = &sealed.of_mode[BW_SEALED_RO];

	attack_sealed(&sealed);
	attack_say("the object at 0x%lx is in frame 0x%lx", target->object, target->pfn);
	attack_overwrite(target->alias, "its synonym in the direct map");
	return attack_finish();
}
