/*
 * Stores to sealed memory at its own address, once for each mode of pool. A store that is stopped
 * ends its process, so each but the last is tried by a child; where a child comes back, the store
 * that it made is made again here, for the kernel to see whose it is.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

static const char *const names[BW_NR_SEALED] = {
	[BW_SEALED_RO] = "a RO pool",
	[BW_SEALED_WR] = "a WR pool",
	[BW_SEALED_AUTO_RO] = "an AUTO_RO pool",
	[BW_SEALED_AUTO_WR] = "an AUTO_WR pool",
	[BW_SEALED_START_WR] = "a START_WR pool",
};

static bool child_comes_back(uint64_t object, const char *name)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		attack_overwrite(object, name);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		attack_skip("no process to try it with");
	}
	return WIFEXITED(status);
}

int main(void)
{
	struct bw_sealed sealed;
	unsigned int mode = 0;

	attack_sealed(&sealed);
	while (mode + 1 < BW_NR_SEALED &&
	       !child_comes_back(sealed.of_mode[mode].object, names[mode])) {
		mode++;
	}
	attack_overwrite(sealed.of_mode[mode].object, names[mode]);
	return attack_finish();
}
