/* plant NUMBER [NUMBER]: has the kernel commit a fault on purpose (tests/kernel/plants.h); two at
 * the same time. */
#include <bulwark.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLANTS = 0x706c616e };

static void commit(const char *number)
{
	char text[64];

	bw_ktest(PLANTS + strtoul(number, NULL, 10), text, sizeof(text));
}

int main(int argc, char **argv)
{
	if (argc > 2 && fork() == 0) {
		commit(argv[2]);
		_exit(0);
	}
	commit(argv[1]);
	wait(NULL);
	printf("the kernel goes on\n");
	return 0;
}
