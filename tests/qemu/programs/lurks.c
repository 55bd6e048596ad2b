/* No attack: an ordinary program that leaves a process behind, which reads the console and writes
 * to it for ever. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char line[64];

	if (fork() != 0) {
		printf("lurks: gone\n");
		return 0;
	}
	while (getppid() != 1) {}
	for (;;) {
		ssize_t len = read(STDIN_FILENO, line, sizeof(line));

		if (len > 0 || write(STDOUT_FILENO, "lurks: here\n", 12) > 0) {
			return 1;
		}
	}
}
