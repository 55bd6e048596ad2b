/* The kernel as a confused deputy: write-rare calls with targets that they must not have. */
#include "attack.h"

#define OTHER_VALUE 0x0bad0bad0bad0badul

static long forge(uint64_t target, uint64_t value, const char *what)
{
	long status = bw_vuln_wr(target, value);

	attack_say("%s at 0x%lx: %s", what, target, status < 0 ? "refused" : "written");
	return status;
}

int main(void)
{
	struct bw_leak leak;
	struct bw_sealed sealed;
	long status;

	attack_leak(&leak);
	attack_sealed(&sealed);
	status = forge(sealed.of_mode[BW_SEALED_RO].object, OTHER_VALUE, "an object of a RO pool");
	forge(sealed.of_mode[BW_SEALED_WR].object + BW_SEALED_BYTES - 4, OTHER_VALUE,
	      "the end of an object of a WR pool, and past it");
	forge(sealed.of_mode[BW_SEALED_WR].pool, OTHER_VALUE, "a pool's descriptor");
	/* the pid, which stays as it is, and with cred=plain the uid */
	forge(leak.process, (uint64_t)bw_vuln_read(leak.process) & UINT32_MAX,
	      "this process's structure");
	/* root, and under the rule that it is */
	forge(leak.process_uid, (uint64_t)bw_vuln_read(leak.process_uid) & ~(uint64_t)UINT32_MAX,
	      "where its uid is in force, in a write-rare pool that is not the caller's");
	forge(leak.image_base, OTHER_VALUE, "kernel text");
	attack_check("vuln_wr", status);
	return attack_finish();
}
