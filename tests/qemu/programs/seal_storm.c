/*
 * As an attack: a child on another processor writes to a pool without end, while the pool is sealed
 * or destroyed, at another moment each time. What counts is what it holds once it is sealed.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

enum { CPU_OF_SEALER, CPU_OF_WRITER, NR_CPUS, NR_ROUNDS = 60, WORDS = BW_SEALED_BYTES / 8 };

static pid_t writer_start(uint64_t object)
{
	pid_t child = fork();

	if (child < 0) {
		attack_skip("no process to write with");
	}
	if (child > 0) {
		return child;
	}
	attack_pin(CPU_OF_WRITER);
	for (uint64_t value = 1;; value++) {
		bw_vuln_write(object + value % WORDS * 8, value);
	}
}

static void wait_until_written(uint64_t object)
{
	while ((uint64_t)bw_vuln_read(object) == BW_SEALED_VALUE) {}
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_SEALER);
	for (unsigned int round = 0; round < NR_ROUNDS; round++) {
		uint64_t object = attack_pool_open();
		pid_t child = writer_start(object);

		wait_until_written(object);
		if (round % 4) {
			attack_pool_seal(object);
			waitpid(child, NULL, 0);
		}
		attack_check("vuln_pool_destroy", bw_vuln_pool_destroy(object));
		if (round % 4 == 0) {
			waitpid(child, NULL, 0);
		}
	}
	return attack_finish();
}
