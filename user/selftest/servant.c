/*
 * Not a test: a program of root's (etc/policy) that does for its caller what root lets it do, and
 * that attacks call. `servant policy` and `servant named` put one of two policies in force.
 * `servant drop ENDPOINT` tells its caller that it is root, by a call there, becomes an ordinary
 * user, and tells what setuid said, and who it is.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bulwark.h"

enum { USER = 1000 };

static int load(const char *path)
{
	struct bw_policy_error error;

	return bw_policy_load(path, &error) == 0 ? 0 : 1;
}

static int drop(long endpoint)
{
	struct bw_message message = { .words = { getuid() } };

	if (bw_ipc_call(endpoint, &message) != 0) {
		return 1;
	}
	message = (struct bw_message){ .words = { (uint64_t)(int64_t)setuid(USER) } };
	message.words[1] = getuid();
	return bw_ipc_call(endpoint, &message) == 0 ? 0 : 1;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "policy") == 0) {
		return load("etc/policy");
	}
	if (strcmp(what, "named") == 0) {
		return load("etc/policy-named");
	}
	return strcmp(what, "drop") == 0 && argc > 2 ? drop(strtol(argv[2], NULL, 10)) : 2;
}
