/* What is typed at the console, and read. */
#define _GNU_SOURCE
#include "means.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kernel/fuzz_abi.h"

enum { READ_US = 5000, SAID_BYTES = 100 };

/* In lines, raw, with and without echo. */
static _Noreturn void type_and_read(uint64_t argument)
{
	static const uint32_t local[] = { 0x8a3a, 0x8a32, 0, 0xa, 0x83a, 0x48, 0x8a7a, 0x1a };
	static const uint32_t input[] = { 0x100, 0, 0x80, 0x40 };
	static const char keys[] = "ab \x7f\tcd \x17\x15\xc3\xa4\x7f\x01"
				   "e\x7f f\r\n\x04";
	char said[SAID_BYTES];
	uint32_t settings[16] = { input[argument / 2 % 4], 5, 0xbf, local[argument % 8] };

	memcpy((char *)settings + 17, "\x03\x1c\x7f\x15\x04\0\1\0\x11\x13\x1a\0\x12\x0f\x17\x16",
	       16);
	syscall(SYS_ioctl, 1, 0x5402 + argument % 3, settings);
	syscall(FUZZ_CALL, FUZZ_TYPE, keys, sizeof(keys) - 1, 0);
	settings[1] = 0;
	((char *)settings)[17 + 6] = 0;
	for (unsigned i = 0; i < 2; i++) {
		syscall(FUZZ_CALL, FUZZ_TYPE, "\n", 1, 0);
		(void)!read(0, said, argument & 8 ? 3 : sizeof(said));
	}
	_exit(0);
}

/* What was typed may be no line in these settings: then it waits for one. */
void means_lines(uint64_t argument)
{
	pid_t pid = fork();

	if (pid == 0) {
		type_and_read(argument);
	}
	if (pid > 0) {
		usleep(READ_US);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}
