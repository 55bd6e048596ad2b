/* Prints its arguments: the program that tests/qemu/run.t adds with EXTRA. */
#include <stdio.h>

int main(int argc, char **argv)
{
	printf("extra:");
	for (int i = 1; i < argc; i++) {
		printf(" %s", argv[i]);
	}
	printf("\n");
	return 0;
}
