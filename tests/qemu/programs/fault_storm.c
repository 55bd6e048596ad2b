/*
 * As an attack that leaves children behind: on other processors they have the kernel fault again
 * and again, while the shell stops the machine to audit it. A fault on a processor that is about to
 * be stopped is still its process's own.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

enum { NR_CHILDREN = 3, NR_FAULTS = 100 };

static _Noreturn void faulter(uint64_t address)
{
	for (int i = 0; i < NR_FAULTS; i++) {
		pid_t child = fork();

		if (child == 0) {
			bw_vuln_write(address, 1);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	_exit(0);
}

int main(void)
{
	struct bw_sealed sealed;

	attack_sealed(&sealed);
	for (int i = 0; i < NR_CHILDREN; i++) {
		if (fork() == 0) {
			faulter(sealed.of_mode[BW_SEALED_RO].object);
		}
	}
	return attack_finish();
}
