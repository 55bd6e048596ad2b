/* Reads a secret that lies in a sealed pool through its synonym in the direct map. */
#include "attack.h"

int main(void)
{
	struct bw_sealed sealed;
	uint64_t value;

	attack_sealed(&sealed);
	attack_say("a copy of the flag is sealed; the direct map would have it at 0x%lx",
		   sealed.secret);
	value = (uint64_t)bw_vuln_read(sealed.secret);
	attack_check("vuln_read", (long)value);
	attack_say("read 0x%lx there", value);
	bw_flag_prove(value);
	return attack_finish();
}
