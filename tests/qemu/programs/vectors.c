/* readv of a terminal, told: three times into five bytes and sixteen. */
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
	for (int i = 0; i < 4; i++) {
		char first[5], second[16];
		struct iovec vectors[2] = { { first, sizeof(first) }, { second, sizeof(second) } };
		ssize_t len;

		printf("type %d", i);
		fflush(stdout);
		len = readv(STDIN_FILENO, vectors, 2);
		printf("\nvectors %d: %zd\n", i, len);
	}
	return 0;
}
