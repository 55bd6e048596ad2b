/* While one processor writes to a sealed object through its window, another goes for that window.
 */
#include "attack.h"

enum { CPU_OF_ATTACKER, CPU_OF_HOLDER, NR_CPUS };

static void holder(void *unused)
{
	(void)unused;
	attack_check("vuln_wr_hold", bw_vuln_wr_hold());
}

int main(void)
{
	struct bw_leak leak;
	struct bw_sealed sealed;

	attack_begin(&leak, NR_CPUS, CPU_OF_ATTACKER);
	attack_sealed(&sealed);
	attack_thread(CPU_OF_HOLDER, holder, NULL);
	attack_await_parked(1);
	attack_say("CPU %d is in the middle of a write-rare", CPU_OF_HOLDER);
	attack_overwrite(sealed.window, "where it has the object writable");
	bw_vuln_unpark(true);
	return attack_finish();
}
